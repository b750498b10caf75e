package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.Precision;
import dev.nunchi.model.Probe;
import dev.nunchi.text.Encoder;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.Truncation;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// [FakeBackend] answers the first id of a text and its negative.
class ProbeCheckTest {
  @Test
  void run_smallLogitBesideAHugeOne_mayDifferByTheirScale() {
    assertDoesNotThrow(() -> check(100_000, 100_000, -100_005));
    assertRefused(100_000, 100_000, -100_050);
  }

  @Test
  void run_smallLogits_mayDifferByTheToleranceItself() {
    assertDoesNotThrow(() -> check(1, 1, -1.00005f));
    assertRefused(1, 1, -1.0002f);
  }

  @Test
  void run_noNumber_isRefused() {
    assertRefused(1, 1, Float.NaN);
  }

  @Test
  void run_logitsThatDependOnTheBatch_areNotAlike() {
    assertTrue(run(1, 2, FakeBackend.open()));
    assertFalse(run(1, 2, new Shifted(1e-3f)));
    assertTrue(run(1, 2, new Shifted(1e-6f)));
  }

  /// A value of 2 among hundreds is a sum over numbers of hundreds.
  @Test
  void run_smallValueAmongLargeOnes_mayDifferByTheirScale() {
    assertDoesNotThrow(() -> checkValues(300, 2.02f));
    assertThrows(NunchiException.class, () -> checkValues(300, 2.04f));
    assertThrows(NunchiException.class, () -> checkValues(1, 2.02f));
  }

  /// A regression that answers the number that its text is, and learnt another for the text 2.
  private static void checkValues(int one, float ofTwo) {
    Backend values =
        new Backend() {
          @Override
          public float[][] logits(PaddedBatch batch) {
            float[][] logits = new float[batch.batch()][];
            for (int row = 0; row < logits.length; row++) {
              logits[row] = new float[] {batch.inputIds()[row * batch.seq()]};
            }
            return logits;
          }

          @Override
          public void close() {}
        };
    new ProbeCheck(encoder(), values, Precision.FP32, 0)
        .run(
            new Probe(
                List.of(
                    new Probe.Case("" + one, List.of(one), List.of((float) one)),
                    new Probe.Case("2", List.of(2), List.of(ofTwo)))));
  }

  /// Adds something to whatever is not alone.
  private record Shifted(float shift) implements Backend {
    @Override
    public float[][] logits(PaddedBatch batch) {
      float[][] logits = FakeBackend.open().logits(batch);
      if (batch.batch() > 1) {
        for (float[] row : logits) {
          row[0] += shift;
        }
      }
      return logits;
    }

    @Override
    public void close() {}
  }

  private static boolean run(int one, int other, Backend backend) {
    return new ProbeCheck(encoder(), backend, Precision.INT8, 0)
        .run(
            new Probe(
                List.of(
                    new Probe.Case("" + one, List.of(one), List.of((float) one, (float) -one)),
                    new Probe.Case(
                        "" + other, List.of(other), List.of((float) other, (float) -other)))));
  }

  private static void assertRefused(int id, float first, float second) {
    NunchiException refused = assertThrows(NunchiException.class, () -> check(id, first, second));
    assertEquals(Reason.FAILED_CHECK, refused.reason());
  }

  private static void check(int id, float first, float second) {
    new ProbeCheck(encoder(), FakeBackend.open(), Precision.FP32, 0)
        .run(new Probe(List.of(new Probe.Case("" + id, List.of(id), List.of(first, second)))));
  }

  /// Of texts that are ids.
  private static Encoder encoder() {
    return new Encoder() {
      @Override
      public Encoding encode(String text, @Nullable String context, Truncation truncation) {
        return FakeBackend.encoding(Integer.parseInt(text), 1);
      }

      @Override
      public void close() {}
    };
  }
}
