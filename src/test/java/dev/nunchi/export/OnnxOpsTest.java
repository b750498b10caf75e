package dev.nunchi.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.nn.Activation;
import dev.nunchi.nn.Attention;
import dev.nunchi.nn.Embedding;
import dev.nunchi.nn.LayerNorm;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Ngrams;
import dev.nunchi.nn.Ops;
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
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Each operation as a graph of its own in ONNX Runtime, against double arithmetic.
class OnnxOpsTest {
  private static final List<Integer> IDS = List.of(2, 5);
  private static final List<Integer> STATES = List.of(2, 5, 6);

  @TempDir Path directory;
  private final RandomWeights weights = new RandomWeights(11);
  private final Random random = new Random(5);

  private interface Operation {
    <T> T apply(Ops<T> ops, List<T> inputs);
  }

  @Test
  void embedding_ids_areLookedUp() {
    weights.add("table.weight", List.of(9, 6));
    check(
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.embedding(inputs.getFirst(), new Embedding("table", 9, 6, 0));
          }
        },
        ids());
  }

  @Test
  void positions_ids_giveTheFirstRows() {
    weights.add("table.weight", List.of(9, 6));
    check(
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.positions(inputs.getFirst(), Embedding.of("table", 9, 6));
          }
        },
        ids());
  }

  @Test
  void bag_ngramsOfTwoViews_isTheirMean() {
    weights.addWithZeroRow("table.weight", List.of(50, 3));
    Operation bag =
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            T open = ops.openSyllables(inputs.get(0), 5);
            return ops.bag(
                List.of(
                    ops.ngrams(inputs.get(0), inputs.get(1), new Ngrams(1, 3, 50, 0)),
                    ops.ngrams(open, inputs.get(1), new Ngrams(2, 6, 50, 2_147_483_646))),
                new Embedding("table", 50, 3, 0));
          }
        };
    // Syllables with and without a final consonant, the last one, and what is none.
    double[] ids = {2, 5, 6, 33, 11_176, 2, 11_177, 32, 12_000, 0};
    check(bag, whole(ids), whole(1, 1, 1, 1, 1, 1, 1, 1, 0, 0));
  }

  private static PlainTensor whole(double... values) {
    return new PlainTensor(IDS, values);
  }

  @Test
  void linear_withAndWithoutBias_isAffine() {
    weights.add("wide.weight", List.of(7, 6)).add("wide.bias", List.of(7));
    weights.add("narrow.weight", List.of(3, 7));
    check(
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            T wide = ops.linear(inputs.getFirst(), Linear.of("wide", 6, 7));
            return ops.linear(wide, new Linear("narrow", 7, 3, false));
          }
        },
        states());
  }

  @Test
  void layerNorm_states_areNormalised() {
    weights.add("norm.weight", List.of(6)).add("norm.bias", List.of(6));
    check(
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.layerNorm(inputs.getFirst(), new LayerNorm("norm", 6, 0.01));
          }
        },
        states());
  }

  @Test
  void add_axisOfSizeOne_isRepeated() {
    weights.add("table.weight", List.of(5, 6));
    check(
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            T repeated = ops.positions(inputs.get(1), Embedding.of("table", 5, 6));
            return ops.add(ops.add(inputs.getFirst(), repeated), inputs.getFirst());
          }
        },
        states(),
        ids());
  }

  @ParameterizedTest
  @EnumSource
  void activation_states_areMapped(Activation function) {
    check(
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.dropout(ops.activation(inputs.getFirst(), function), 0.9);
          }
        },
        states());
  }

  @Test
  void attention_paddedKeysAndARowOfPadding_areLeftOut() {
    PlainTensor mask = new PlainTensor(IDS, new double[] {1, 1, 1, 0, 0, 0, 0, 0, 0, 0});
    check(
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.attention(
                inputs.get(0),
                inputs.get(1),
                inputs.get(2),
                inputs.get(3),
                new Attention(3, 2, 0.1));
          }
        },
        states(),
        states(),
        states(),
        mask);
  }

  @Test
  void select_position_isTaken() {
    check(
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.select(inputs.getFirst(), 3);
          }
        },
        states());
  }

  private PlainTensor ids() {
    return new PlainTensor(IDS, random.doubles(10, 0, 5).map(Math::floor).toArray());
  }

  private PlainTensor states() {
    double[] values = new double[60];
    // Rounded to float, so that both sides read the same numbers.
    Arrays.setAll(values, i -> (float) (2 * random.nextGaussian()));
    return new PlainTensor(STATES, values);
  }

  private void check(Operation operation, PlainTensor... inputs) {
    PlainTensor expected = operation.apply(new PlainOps(weights), List.of(inputs));
    GraphWriter graph = new GraphWriter();
    List<Value> values = new ArrayList<>();
    for (PlainTensor input : inputs) {
      List<Axis> axes = new ArrayList<>(List.of(Axis.Named.BATCH, Axis.Named.SEQ));
      input.shape().stream().skip(2).map(Axis::of).forEach(axes::add);
      DataType type = input.shape().size() == 2 ? DataType.INT64 : DataType.FLOAT;
      values.add(graph.input("input_" + values.size(), type, axes));
    }
    graph.output(
        "output", operation.apply(new OnnxOps(graph, weights, new NumberFormat.Float32()), values));
    try {
      Path model = directory.resolve("model.onnx");
      graph.write(model, directory.resolve("model.onnx.data"));
      assertOutput(expected, model, inputs);
    } catch (IOException | OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void assertOutput(PlainTensor expected, Path model, PlainTensor... inputs)
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
