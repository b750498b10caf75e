package dev.nunchi.nn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// What PyTorch gives for a case of [OperationCase], with inputs and weights of its own; see
/// `generate_operations.py`.
///
/// @param factors of the sum of the output that the gradients are those of
/// @param inputGradients zeros for whole numbers
public record OperationReference(
    List<PlainTensor> inputs,
    Map<String, Weight> weights,
    PlainTensor output,
    PlainTensor factors,
    List<PlainTensor> inputGradients,
    Map<String, PlainTensor> weightGradients) {
  private static final Map<String, OperationReference> BY_CASE = read();

  /// By the names of the cases, in the order of the fixture.
  public static Map<String, OperationReference> byCase() {
    return BY_CASE;
  }

  /// The case with these inputs; of its weights the names and shapes have to be the reference's.
  public OperationCase inputsOf(OperationCase one) {
    if (!shapes(one.inputs()).equals(shapes(inputs))
        || !one.weights().names().equals(weights.keySet())
        || !weights.entrySet().stream()
            .allMatch(
                entry -> one.weights().shape(entry.getKey()).equals(entry.getValue().shape()))) {
      throw new IllegalStateException("operations.json has other shapes of " + one);
    }
    return new OperationCase(one.name(), one.weights(), inputs, one.operation());
  }

  private static List<List<Integer>> shapes(List<PlainTensor> tensors) {
    return tensors.stream().map(PlainTensor::shape).toList();
  }

  private static Map<String, OperationReference> read() {
    try {
      Map<String, OperationReference> all = new LinkedHashMap<>();
      for (JsonNode json :
          new ObjectMapper().readTree(OperationReference.class.getResource("operations.json"))) {
        OperationReference before =
            all.put(
                json.path("name").asText(),
                new OperationReference(
                    tensors(json.path("inputs")),
                    weights(json.path("weights")),
                    tensor(json.path("output")),
                    tensor(json.path("factors")),
                    tensors(json.path("input_gradients")),
                    named(json.path("weight_gradients"))));
        if (before != null) {
          throw new IllegalStateException("operations.json has two of " + json.path("name"));
        }
      }
      return all;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<PlainTensor> tensors(JsonNode list) {
    List<PlainTensor> tensors = new ArrayList<>();
    list.forEach(json -> tensors.add(tensor(json)));
    return tensors;
  }

  private static Map<String, PlainTensor> named(JsonNode map) {
    Map<String, PlainTensor> tensors = new LinkedHashMap<>();
    map.properties().forEach(entry -> tensors.put(entry.getKey(), tensor(entry.getValue())));
    return tensors;
  }

  private static Map<String, Weight> weights(JsonNode map) {
    Map<String, Weight> weights = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : map.properties()) {
      byte[] bytes = bytes(entry.getValue());
      MemorySegment data = Arena.ofAuto().allocate(bytes.length, 8);
      data.copyFrom(MemorySegment.ofArray(bytes));
      weights.put(entry.getKey(), new Weight(ElementType.F32, shape(entry.getValue()), data));
    }
    return weights;
  }

  private static PlainTensor tensor(JsonNode json) {
    float[] floats = MemorySegment.ofArray(bytes(json)).toArray(LittleEndian.FLOAT);
    double[] values = new double[floats.length];
    for (int i = 0; i < floats.length; i++) {
      values[i] = floats[i];
    }
    return new PlainTensor(shape(json), values);
  }

  private static List<Integer> shape(JsonNode json) {
    List<Integer> shape = new ArrayList<>();
    json.path("shape").forEach(size -> shape.add(size.intValue()));
    return shape;
  }

  private static byte[] bytes(JsonNode json) {
    return Base64.getDecoder().decode(Objects.requireNonNull(json.get("values")).asText());
  }
}
