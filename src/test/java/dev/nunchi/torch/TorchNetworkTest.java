package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Execution(ExecutionMode.CONCURRENT)
class TorchNetworkTest {
  @BeforeAll
  static void load() {
    TorchRuntime.load(1);
  }

  @ParameterizedTest
  @EnumSource
  void logits_ofTransformersCheckpoint_areTransformersLogits(TinyCheckpoint tiny) {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(tiny.path());
        TorchNetwork network = new TorchNetwork(checkpoint.network(), checkpoint.weights())) {
      List<TinyCheckpoint.Case> cases = tiny.cases();
      assertTrue(cases.size() > 2);
      for (TinyCheckpoint.Case expected : cases) {
        float[][] logits = network.logits(expected.batch());
        for (int row = 0; row < logits.length; row++) {
          for (int label = 0; label < logits[row].length; label++) {
            assertEquals(
                expected.logits()[row][label], logits[row][label], 1e-5, tiny + expected.name());
          }
        }
      }
    }
  }

  @Test
  void weights_all_areThoseOfTheCheckpoint() {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(TinyCheckpoint.BERT.path());
        TorchNetwork network = new TorchNetwork(checkpoint.network(), checkpoint.weights())) {
      Map<String, Weight> weights = network.weights();
      for (Parameter parameter : checkpoint.network().parameters()) {
        Weight original = checkpoint.weights().get(parameter.name());
        assertEquals(-1, original.data().mismatch(stored(weights, parameter.name()).data()));
      }
    }
  }

  @Test
  void newNetwork_withoutWeights_startsAsConfigured() {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(TinyCheckpoint.BERT.path());
        Arena arena = Arena.ofConfined()) {
      Map<String, Weight> first = fresh(checkpoint, arena);
      Map<String, Weight> second = fresh(checkpoint, arena);
      for (Parameter parameter : checkpoint.network().parameters()) {
        float[] values = floats(stored(first, parameter.name()));
        assertArrayEquals(values, floats(stored(second, parameter.name())));
        switch (parameter.initial()) {
          case ZEROS -> assertArrayEquals(new float[values.length], values);
          case ONES -> assertEquals(values.length, sum(values, 1), 1e-6);
          case UNIFORM -> throw new AssertionError(parameter);
          case NORMAL -> {
            double deviation = Math.sqrt(sum(values, 2) / values.length);
            assertEquals(0.5, deviation, 0.25, parameter.name());
          }
        }
      }
      float[] words = floats(stored(first, "bert.embeddings.word_embeddings.weight"));
      int width = 32;
      assertEquals(0, sum(java.util.Arrays.copyOf(words, width), 2), "the padding row");
      assertFalse(sum(java.util.Arrays.copyOfRange(words, width, 2 * width), 2) == 0);
    }
  }

  private static Map<String, Weight> fresh(CheckpointDirectory checkpoint, Arena arena) {
    try (TorchNetwork network =
        new TorchNetwork(
            checkpoint.network(), Weights.NONE, new FreshParameters(0.5, 7), ComputeDevice.CPU)) {
      return CopiedWeights.of(network.weights(), arena);
    }
  }

  private static Weight stored(Map<String, Weight> weights, String name) {
    return Objects.requireNonNull(weights.get(name), name);
  }

  private static double sum(float[] values, int power) {
    double sum = 0;
    for (float value : values) {
      sum += Math.pow(value, power);
    }
    return sum;
  }

  private static float[] floats(Weight weight) {
    return weight.data().toArray(ValueLayout.JAVA_FLOAT);
  }
}
