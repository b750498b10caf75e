package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nunchi.model.BaseModels;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.FloatWeights;
import dev.nunchi.model.Nf4Base;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.TinyAdapter;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Adapters of PEFT, answered with and trained on as PEFT does.
@Execution(ExecutionMode.CONCURRENT)
class LoraTest {
  private static final double LEARNING_RATE = 2e-3;

  @BeforeAll
  static void load() {
    TorchRuntime.load(1);
  }

  @ParameterizedTest
  @EnumSource
  void logits_adapterMergedIntoItsBase_areThoseOfPeft(TinyAdapter tiny) {
    try (CheckpointDirectory merged = CheckpointDirectory.open(tiny.path())) {
      merged.requireComplete();
      assertAnswers(tiny, merged.network(), merged.weights());
    }
  }

  @ParameterizedTest
  @EnumSource
  void logits_adapterBesideItsBase_areThoseOfPeft(TinyAdapter tiny) {
    try (CheckpointDirectory apart = CheckpointDirectory.openApart(tiny.path(), BaseModels.NONE)) {
      assertAnswers(tiny, apart.network().adapted(apart.lora().orElseThrow()), apart.weights());
    }
  }

  private static void assertAnswers(TinyAdapter tiny, Network network, Weights weights) {
    JsonNode expected = tiny.expected().get("logits");
    try (TorchNetwork torch = new TorchNetwork(network, weights)) {
      float[][] logits = torch.logits(tiny.ragged().batch());
      for (int row = 0; row < logits.length; row++) {
        for (int label = 0; label < logits[row].length; label++) {
          double one = expected.get(row).get(label).doubleValue();
          assertEquals(one, logits[row][label], 1e-5, row + " " + label);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = "BERT_OLD_NAMES", mode = EnumSource.Mode.EXCLUDE)
  void tenSteps_fromAnAdapterOfPeft_followPeft(TinyAdapter tiny) {
    JsonNode expected = tiny.expected();
    try (CheckpointDirectory apart = CheckpointDirectory.openApart(tiny.path(), BaseModels.NONE);
        TorchNetwork network = new TorchNetwork(TinyAdapter.network(apart), apart.weights());
        TorchTrainer trainer = new TorchTrainer(network, settings(ComputeType.FP32))) {
      for (int step = 0; step < expected.get("losses").size(); step++) {
        double loss = trainer.accumulate(tiny.ragged().batch(), labels(apart), 1);
        double norm = trainer.clip();
        trainer.step(LEARNING_RATE);
        assertEquals(expected.get("losses").get(step).doubleValue(), loss, 1e-4, "step " + step);
        double expectedNorm = expected.get("gradient_norms").get(step).doubleValue();
        assertEquals(expectedNorm, norm, 1e-3 * expectedNorm, "step " + step);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ComputeType.class)
  void step_adaptedNetwork_changesAdaptersAndHeadAlone(ComputeType type) {
    TinyAdapter tiny = TinyAdapter.BERT_USUAL;
    try (CheckpointDirectory apart = CheckpointDirectory.openApart(tiny.path(), BaseModels.NONE);
        TorchNetwork network = new TorchNetwork(TinyAdapter.network(apart), apart.weights());
        TorchTrainer trainer = new TorchTrainer(network, settings(type))) {
      for (int step = 0; step < 3; step++) {
        trainer.accumulate(tiny.ragged().batch(), labels(apart), 1);
        trainer.clip();
        trainer.step(LEARNING_RATE);
      }
      Set<String> changed =
          network.weights().entrySet().stream()
              .filter(entry ->
                  entry.getValue().data().mismatch(apart.weights().get(entry.getKey()).data()) >= 0)
              .map(Map.Entry::getKey)
              .collect(Collectors.toSet());
      Set<String> trained =
          network.network().parameters().stream()
              .filter(network.network()::trains)
              .map(Parameter::name)
              .collect(Collectors.toSet());
      assertEquals(trained, changed);
      assertEquals(10, trained.size());
      // Two moments and a count of each, and nothing of the others.
      assertEquals(30, trainer.state().size());
    }
  }

  /// QLoRA is LoRA on a base of other numbers, held in fewer bits.
  @ParameterizedTest
  @EnumSource(names = "BERT_OLD_NAMES", mode = EnumSource.Mode.EXCLUDE)
  void steps_onABaseInNf4_areThoseOnItsNumbersInFull(TinyAdapter tiny) {
    try (CheckpointDirectory apart = CheckpointDirectory.openApart(tiny.path(), BaseModels.NONE)) {
      Network network = TinyAdapter.network(apart);
      Weights packed = Nf4Base.of(apart.weights(), network);
      Map<String, Weight> full = new HashMap<>();
      packed.names().forEach(name -> full.put(name, packed.get(name)));
      SequencedMap<String, float[]> expected =
          trained(tiny, apart, network, Weights.of(full, "in full"), false);
      SequencedMap<String, float[]> actual = trained(tiny, apart, network, packed, true);
      long quantized =
          network.parameters().stream().map(Parameter::name).filter(packed::isQuantized).count();
      assertEquals(expected.size() - quantized, actual.size());
      assertTrue(quantized >= 8, "only " + quantized);
      assertFalse(packed.isQuantized(network.outputWeight()));
      actual.forEach((name, numbers) -> assertArrayEquals(expected.get(name), numbers, name));
    }
  }

  /// All weights in fp32 after a few steps.
  private static SequencedMap<String, float[]> trained(
      TinyAdapter tiny,
      CheckpointDirectory apart,
      Network network,
      Weights weights,
      boolean checkpointing) {
    try (TorchNetwork torch = new TorchNetwork(network, weights);
        TorchTrainer trainer = new TorchTrainer(torch, settings(ComputeType.FP32, checkpointing))) {
      for (int step = 0; step < 3; step++) {
        trainer.accumulate(tiny.ragged().batch(), labels(apart), 1);
        trainer.clip();
        trainer.step(LEARNING_RATE);
      }
      SequencedMap<String, float[]> trained = new LinkedHashMap<>();
      torch.weights().forEach((name, weight) -> trained.put(name, FloatWeights.floats(weight)));
      return trained;
    }
  }

  @Test
  void newAdapter_beforeTheFirstStep_changesNothing() {
    TinyAdapter tiny = TinyAdapter.BERT_USUAL;
    try (CheckpointDirectory base = CheckpointDirectory.open(tiny.checkpoint().path());
        CheckpointDirectory apart = CheckpointDirectory.openApart(tiny.path(), BaseModels.NONE)) {
      Network adapted = base.network().adapted(apart.lora().orElseThrow());
      try (TorchNetwork plain = new TorchNetwork(base.network(), base.weights());
          TorchNetwork fresh = new TorchNetwork(adapted, base.weights())) {
        assertArrayEquals(plain.logits(tiny.ragged().batch()), fresh.logits(tiny.ragged().batch()));
        // Within ±1/√32, and not all in a corner of it.
        String name = "bert.encoder.layer.0.attention.self.query.lora_A.weight";
        Weight down = Objects.requireNonNull(fresh.weights().get(name));
        double largest =
            IntStream.range(0, 4 * 32)
                .mapToDouble(
                    i -> Math.abs(down.data().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i)))
                .max()
                .orElseThrow();
        assertEquals(1 / Math.sqrt(32), largest, 0.01);
      }
    }
  }

  private static TorchTrainer.Settings settings(ComputeType type) {
    return settings(type, false);
  }

  private static TorchTrainer.Settings settings(ComputeType type, boolean checkpointing) {
    return new TorchTrainer.Settings(
        type,
        new CrossEntropy(List.of(), 0.1, 0),
        new OptimizerSettings.AdamW(0.9, 0.98, 1e-6, 0.1, 1),
        1.0,
        Averaging.NONE,
        Freezing.NONE,
        checkpointing,
        1);
  }

  private static Targets labels(CheckpointDirectory checkpoint) {
    int count = checkpoint.labels().size();
    return new Targets.Labels(
        IntStream.range(0, 4).mapToObj(i -> new int[] {i % count}).toArray(int[][]::new));
  }
}
