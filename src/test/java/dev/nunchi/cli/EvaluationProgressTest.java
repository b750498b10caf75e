package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class EvaluationProgressTest {
  private static final long SECOND = 1_000_000_000;

  private final StringWriter out = new StringWriter();
  private long now = 5 * SECOND;

  @Test
  void advanced_onATerminal_saysShareRateAndTimeLeft() {
    EvaluationProgress progress = progress(true);
    now += 2 * SECOND;
    progress.advanced(2_000);
    assertEquals("\r\033[K2,000 of 10,000 texts (20 %)  1,000 texts/s  0:00:08 left", shown());
    now += 6 * SECOND;
    progress.advanced(10_000);
    assertEquals(
        "\r\033[K10,000 of 10,000 texts (100 %)  1,250 texts/s  0:00:00 left\n",
        shown().replace(System.lineSeparator(), "\n"));
  }

  @Test
  void advanced_elsewhere_isQuiet() {
    EvaluationProgress progress = progress(false);
    now += SECOND;
    progress.advanced(5_000);
    progress.advanced(10_000);
    assertEquals("", shown());
  }

  private EvaluationProgress progress(boolean terminal) {
    return new EvaluationProgress(new PrintWriter(out), terminal, () -> now, 10_000);
  }

  private String shown() {
    String shown = out.toString();
    out.getBuffer().setLength(0);
    return shown;
  }
}
