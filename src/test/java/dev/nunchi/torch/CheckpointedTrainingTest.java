package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.nn.Weight;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Gradient checkpointing of each family, with its dropout.
class CheckpointedTrainingTest {
  private static final int STEPS = 2;

  @BeforeAll
  static void load() {
    TorchRuntime.load(1);
  }

  @ParameterizedTest
  @EnumSource
  void steps_layersComputedTwice_giveTheWeightsOfPlainSteps(TinyCheckpoint tiny) {
    ComputeType type = tiny.ordinal() % 2 == 0 ? ComputeType.FP32 : ComputeType.BF16;
    Map<String, byte[]> plain = trained(tiny, type, false);
    Map<String, byte[]> checkpointed = trained(tiny, type, true);
    assertEquals(plain.keySet(), checkpointed.keySet());
    assertTrue(plain.size() > 10);
    plain.forEach((name, bytes) ->
        assertEquals(
            -1,
            MemorySegment.ofArray(bytes).mismatch(MemorySegment.ofArray(checkpointed.get(name))),
            name));
  }

  private static Map<String, byte[]> trained(
      TinyCheckpoint tiny, ComputeType type, boolean checkpointing) {
    TinyCheckpoint.Case ragged = tiny.cases().get(1);
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(tiny.path());
        TorchNetwork network = new TorchNetwork(checkpoint.network(), checkpoint.weights());
        TorchTrainer trainer =
            new TorchTrainer(
                network,
                new TorchTrainer.Settings(
                    type,
                    CrossEntropy.PLAIN,
                    new OptimizerSettings.AdamW(0.9, 0.98, 1e-6, 0.1, 1),
                    1.0,
                    Averaging.NONE,
                    Freezing.NONE,
                    checkpointing,
                    1))) {
      int labels = checkpoint.labels().size();
      Targets targets =
          new Targets.Labels(
              IntStream.range(0, ragged.batch().batch())
                  .mapToObj(i -> new int[] {i % labels})
                  .toArray(int[][]::new));
      for (int step = 0; step < STEPS; step++) {
        for (int batch = 0; batch < 2; batch++) {
          trainer.accumulate(ragged.batch(), targets, 0.5);
        }
        trainer.clip();
        trainer.step(1e-2);
      }
      Map<String, byte[]> weights = new LinkedHashMap<>();
      for (Map.Entry<String, Weight> entry : network.weights().entrySet()) {
        weights.put(entry.getKey(), entry.getValue().data().toArray(ValueLayout.JAVA_BYTE));
      }
      return weights;
    }
  }
}
