package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.Precision;
import dev.nunchi.model.Probe;
import dev.nunchi.text.Encoder;
import dev.nunchi.text.Encoding;
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

  private static void assertRefused(int id, float first, float second) {
    NunchiException refused = assertThrows(NunchiException.class, () -> check(id, first, second));
    assertEquals(Reason.FAILED_CHECK, refused.reason());
  }

  private static void check(int id, float first, float second) {
    Encoder encoder =
        new Encoder() {
          @Override
          public Encoding encode(String text, @Nullable String context, Truncation truncation) {
            return FakeBackend.encoding(id, 1);
          }

          @Override
          public void close() {}
        };
    new ProbeCheck(encoder, FakeBackend.open(), Precision.FP32, 0)
        .run(new Probe(List.of(new Probe.Case("x", List.of(id), List.of(first, second)))));
  }
}
