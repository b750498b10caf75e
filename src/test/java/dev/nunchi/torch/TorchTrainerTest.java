package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.TinyCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
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
      int[] labels = labels(ragged, checkpoint);
      for (int step = 0; step < expected.get("losses").size(); step++) {
        double loss = trainer.accumulate(ragged.batch(), labels, 1);
        double norm = trainer.step(LEARNING_RATE);
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
      int[] labels = labels(ragged, checkpoint);
      trainer.accumulate(ragged.batch(), labels, 1);
      double whole = trainer.step(0);
      trainer.accumulate(ragged.batch(), labels, 0.5);
      trainer.accumulate(ragged.batch(), labels, 0.5);
      assertEquals(whole, trainer.step(0), 1e-5 * whole);
    }
  }

  @Test
  void bf16_steps_lowerTheLoss() {
    try (CheckpointDirectory checkpoint =
            CheckpointDirectory.open(TinyCheckpoint.ELECTRA_PROJECTED.path());
        TorchNetwork network = new TorchNetwork(checkpoint.network(), checkpoint.weights(), 0.02);
        TorchTrainer trainer = new TorchTrainer(network, settings(ComputeType.BF16))) {
      TinyCheckpoint.Case ragged = ragged(TinyCheckpoint.ELECTRA_PROJECTED);
      int[] labels = labels(ragged, checkpoint);
      double first = trainer.accumulate(ragged.batch(), labels, 1);
      trainer.step(LEARNING_RATE);
      double last = first;
      for (int step = 0; step < 40; step++) {
        last = trainer.accumulate(ragged.batch(), labels, 1);
        trainer.step(LEARNING_RATE);
      }
      assertEquals(true, last < 0.7 * first, first + " to " + last);
    }
  }

  private static TorchTrainer.Settings settings(ComputeType type) {
    return new TorchTrainer.Settings(type, 0.9, 0.98, 1e-6, 0.1, 1.0, 0.1);
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

  private static int[] labels(TinyCheckpoint.Case batch, CheckpointDirectory checkpoint) {
    int[] labels = new int[batch.batch().batch()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = i % checkpoint.network().labels();
    }
    return labels;
  }
}
