package dev.nunchi.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.Backend;
import dev.nunchi.model.Probe;
import dev.nunchi.text.PaddedBatch;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParityGateTest {
  private static final Probe PROBE =
      new Probe(
          List.of(
              new Probe.Case("가", List.of(2, 3), List.of(1f, 2f)),
              new Probe.Case("나", List.of(2, 4, 3), List.of(3f, 4f))));
  private final ParityGate gate = new ParityGate(0.5);

  @Test
  void check_withinTheTolerance_givesTheLargestDifference() {
    assertEquals(
        0.5, gate.check(new Answers(new float[] {1.25f, 2}, new float[] {3, 3.5f}), PROBE, 0));
  }

  @ParameterizedTest
  @ValueSource(floats = {4.75f, Float.NaN, Float.NEGATIVE_INFINITY})
  void check_overTheTolerance_failsNamingTheText(float logit) {
    Answers answers = new Answers(new float[] {1, 2}, new float[] {3, logit});
    NunchiException e = assertThrows(NunchiException.class, () -> gate.check(answers, PROBE, 0));
    assertEquals(Reason.FAILED_CHECK, e.reason());
    assertTrue(
        e.getMessage()
            .contains("by %s in a logit of probe text 1;".formatted(Math.abs(logit - 4.0))),
        e.getMessage());
  }

  @Test
  void check_otherLabelCount_fails() {
    Answers answers = new Answers(new float[] {1, 2, 0}, new float[] {3, 4});
    assertThrows(NunchiException.class, () -> gate.check(answers, PROBE, 0));
  }

  /// Answers with one of two rows, by the length of the text.
  private record Answers(float[] two, float[] three) implements Backend {
    @Override
    public float[][] logits(PaddedBatch batch) {
      return new float[][] {batch.seq() == 2 ? two : three};
    }

    @Override
    public void close() {}
  }
}
