package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.nn.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TorchTrainerTest {
  private static final Path STEPS = Path.of("src/test/resources/dev/nunchi/torch/steps.json");
  private static final double LEARNING_RATE = 2e-3;

  @BeforeAll
  static void load() {
    TorchRuntime.load(1);
  }

  @ParameterizedTest
  @EnumSource
  void tenSteps_withoutDropout_followPyTorch(TinyCheckpoint tiny) throws IOException {
    JsonNode expected =
        new ObjectMapper().readTree(STEPS.toFile()).get(tiny.path().getFileName().toString());
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(tiny.path());
        TorchNetwork network =
            new TorchNetwork(withoutDropout(checkpoint), checkpoint.weights(), 0.02);
        TorchTrainer trainer = new TorchTrainer(network, settings(ComputeType.FP32))) {
      TinyCheckpoint.Case ragged = ragged(tiny);
      int[][] labels = labels(ragged, checkpoint);
      for (int step = 0; step < expected.get("losses").size(); step++) {
        double loss = trainer.accumulate(ragged.batch(), labels, 1);
        double norm = trainer.clip();
        trainer.step(LEARNING_RATE);
        assertEquals(expected.get("losses").get(step).doubleValue(), loss, 1e-4, "step " + step);
        double expectedNorm = expected.get("gradient_norms").get(step).doubleValue();
        assertEquals(expectedNorm, norm, 1e-3 * expectedNorm, "step " + step);
      }
    }
  }

  @Test
  void accumulate_twoHalves_isOneWhole() {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(TinyCheckpoint.BERT.path());
        TorchNetwork network =
            new TorchNetwork(withoutDropout(checkpoint), checkpoint.weights(), 0.02);
        TorchTrainer trainer = new TorchTrainer(network, settings(ComputeType.FP32))) {
      TinyCheckpoint.Case ragged = ragged(TinyCheckpoint.BERT);
      int[][] labels = labels(ragged, checkpoint);
      trainer.accumulate(ragged.batch(), labels, 1);
      double whole = trainer.clip();
      trainer.step(0);
      trainer.accumulate(ragged.batch(), labels, 0.5);
      trainer.accumulate(ragged.batch(), labels, 0.5);
      assertEquals(whole, trainer.clip(), 1e-5 * whole);
    }
  }

  @Test
  void bf16_steps_lowerTheLoss() {
    try (CheckpointDirectory checkpoint =
            CheckpointDirectory.open(TinyCheckpoint.ELECTRA_PROJECTED.path());
        TorchNetwork network = new TorchNetwork(checkpoint.network(), checkpoint.weights(), 0.02);
        TorchTrainer trainer = new TorchTrainer(network, settings(ComputeType.BF16))) {
      TinyCheckpoint.Case ragged = ragged(TinyCheckpoint.ELECTRA_PROJECTED);
      int[][] labels = labels(ragged, checkpoint);
      double first = trainer.accumulate(ragged.batch(), labels, 1);
      trainer.clip();
      trainer.step(LEARNING_RATE);
      double last = first;
      for (int step = 0; step < 40; step++) {
        last = trainer.accumulate(ragged.batch(), labels, 1);
        trainer.clip();
        trainer.step(LEARNING_RATE);
      }
      assertEquals(true, last < 0.7 * first, first + " to " + last);
    }
  }

  @Test
  void step_layerwiseDecay_scalesTheFirstUpdateOfEachLayer() {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(TinyCheckpoint.BERT.path());
        TorchNetwork network =
            new TorchNetwork(withoutDropout(checkpoint), checkpoint.weights(), 0.02);
        // Without epsilon and decay the first update of Adam is the rate times the gradient's sign.
        TorchTrainer trainer = new TorchTrainer(network, settings(0.5, 0))) {
      TinyCheckpoint.Case ragged = ragged(TinyCheckpoint.BERT);
      trainer.accumulate(ragged.batch(), labels(ragged, checkpoint), 1);
      trainer.step(1e-3);
      assertEquals(1e-3, largestChange(checkpoint, network, "classifier.weight"), 1e-6);
      assertEquals(
          0.5e-3,
          largestChange(checkpoint, network, "bert.encoder.layer.1.output.dense.weight"),
          1e-6);
      assertEquals(
          0.25e-3,
          largestChange(checkpoint, network, "bert.encoder.layer.0.output.dense.weight"),
          1e-6);
      assertEquals(
          0.125e-3,
          largestChange(checkpoint, network, "bert.embeddings.position_embeddings.weight"),
          1e-6);
    }
  }

  @Test
  void withAverage_afterSteps_isTheMovingAverageAndThenTheWeightsAgain() {
    String name = "classifier.bias";
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(TinyCheckpoint.BERT.path());
        TorchNetwork network =
            new TorchNetwork(withoutDropout(checkpoint), checkpoint.weights(), 0.02);
        TorchTrainer trainer = new TorchTrainer(network, settings(1, 0.9))) {
      TinyCheckpoint.Case ragged = ragged(TinyCheckpoint.BERT);
      int[][] labels = labels(ragged, checkpoint);
      float[] average = values(checkpoint.weights().get(name));
      for (int step = 1; step <= 12; step++) {
        trainer.accumulate(ragged.batch(), labels, 1);
        trainer.step(1e-2);
        float[] weights = values(network, name);
        float share = (float) (1 - Math.min(0.9, (1.0 + step) / (10.0 + step)));
        for (int i = 0; i < average.length; i++) {
          average[i] += share * (weights[i] - average[i]);
        }
      }
      float[] before = values(network, name);
      trainer.withAverage(() -> assertArrayEquals(average, values(network, name), 1e-6f));
      assertArrayEquals(before, values(network, name));
    }
  }

  private static double largestChange(
      CheckpointDirectory checkpoint, TorchNetwork network, String name) {
    float[] before = values(checkpoint.weights().get(name));
    float[] after = values(network, name);
    double largest = 0;
    for (int i = 0; i < before.length; i++) {
      largest = Math.max(largest, Math.abs(after[i] - before[i]));
    }
    return largest;
  }

  private static float[] values(TorchNetwork network, String name) {
    try (Arena arena = Arena.ofConfined()) {
      return values(Objects.requireNonNull(network.weights(arena).get(name)));
    }
  }

  private static float[] values(Weight weight) {
    return weight.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }

  private static TorchTrainer.Settings settings(double layerwiseDecay, double averageDecay) {
    return new TorchTrainer.Settings(
        ComputeType.FP32,
        CrossEntropy.PLAIN,
        0.9,
        0.999,
        1e-12,
        0,
        layerwiseDecay,
        0,
        0,
        averageDecay,
        1);
  }

  private static TorchTrainer.Settings settings(ComputeType type) {
    return new TorchTrainer.Settings(
        type, new CrossEntropy(List.of(), 0.1, 0), 0.9, 0.98, 1e-6, 0.1, 1, 0, 1.0, 0, 1);
  }

  private static Network withoutDropout(CheckpointDirectory checkpoint) {
    ObjectNode config = checkpoint.config().deepCopy();
    config.put("hidden_dropout_prob", 0);
    config.put("attention_probs_dropout_prob", 0);
    return Network.of(config);
  }

  private static TinyCheckpoint.Case ragged(TinyCheckpoint tiny) {
    return tiny.cases().stream()
        .filter(one -> one.name().equals("ragged"))
        .findFirst()
        .orElseThrow();
  }

  private static int[][] labels(TinyCheckpoint.Case batch, CheckpointDirectory checkpoint) {
    int[][] labels = new int[batch.batch().batch()][];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = new int[] {i % checkpoint.network().labels()};
    }
    return labels;
  }
}
