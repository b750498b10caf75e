package dev.nunchi.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.nn.OperationCase;
import dev.nunchi.nn.PlainOps;
import dev.nunchi.nn.PlainTensor;
import dev.nunchi.nn.RandomWeights;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Each operation as a graph of its own in ONNX Runtime, against double arithmetic.
class OnnxOpsTest {
  @TempDir Path directory;

  static Stream<OperationCase> all() {
    return Stream.of(OperationCase.all(), OperationCase.packed()).flatMap(List::stream);
  }

  @ParameterizedTest
  @MethodSource("all")
  void output_ofEveryOperation_isThatOfDoubleArithmetic(OperationCase one)
      throws IOException, OrtException {
    PlainTensor expected = one.operation().apply(new PlainOps(one.weights()), one.inputs());
    GraphWriter graph = new GraphWriter();
    List<Value> values = new ArrayList<>();
    for (PlainTensor input : one.inputs()) {
      List<Axis> axes = new ArrayList<>(List.of(Axis.Named.BATCH, Axis.Named.SEQ));
      input.shape().stream().skip(2).map(Axis::of).forEach(axes::add);
      // Axes that are not those of the texts are of a known size.
      for (int i = 0; i < 2; i++) {
        if (input.axis(i) != List.of(2, 5).get(i)) {
          axes.set(i, Axis.of(input.axis(i)));
        }
      }
      DataType type = input.shape().size() == 2 ? DataType.INT64 : DataType.FLOAT;
      values.add(graph.input("input_" + values.size(), type, axes));
    }
    OnnxOps ops = new OnnxOps(graph, one.weights(), new NumberFormat.Float32());
    graph.output("output", one.operation().apply(ops, values));
    Path model = directory.resolve("model.onnx");
    graph.write(model, directory.resolve("model.onnx.data"));
    assertOutput(expected, model, one.inputs());
  }

  /// Of which the residual sums of a decoder are made, without a norm between them.
  @Test
  void add_inFp16_isInFp32() {
    GraphWriter graph = new GraphWriter();
    OnnxOps ops = new OnnxOps(graph, new RandomWeights(1), new NumberFormat.Float16());
    List<Axis> axes = List.of(Axis.Named.BATCH, Axis.Named.SEQ, Axis.of(6));
    Value x = graph.input("x", DataType.FLOAT16, axes);
    assertEquals(DataType.FLOAT, ops.add(x, x).type());
  }

  private static void assertOutput(PlainTensor expected, Path model, List<PlainTensor> inputs)
      throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensor> tensors = new HashMap<>();
    for (PlainTensor input : inputs) {
      long[] shape = input.shape().stream().mapToLong(Integer::longValue).toArray();
      tensors.put(
          "input_" + tensors.size(),
          shape.length == 2
              ? OnnxTensor.createTensor(
                  environment,
                  LongBuffer.wrap(Arrays.stream(input.values()).mapToLong(v -> (long) v).toArray()),
                  shape)
              : OnnxTensor.createTensor(environment, floats(input.values()), shape));
    }
    try (OrtSession session = environment.createSession(model.toString());
        OrtSession.Result result = session.run(tensors)) {
      OnnxTensor output = (OnnxTensor) result.get(0);
      assertEquals(
          expected.shape(),
          Arrays.stream(output.getInfo().getShape()).mapToObj(size -> (int) size).toList());
      float[] actual = new float[expected.values().length];
      output.getFloatBuffer().get(actual);
      double[] doubles = new double[actual.length];
      Arrays.setAll(doubles, i -> actual[i]);
      assertArrayEquals(expected.values(), doubles, 2e-6);
    } finally {
      tensors.values().forEach(OnnxTensor::close);
    }
  }

  private static FloatBuffer floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return FloatBuffer.wrap(floats);
  }
}
