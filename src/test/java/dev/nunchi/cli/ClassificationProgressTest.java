package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ClassificationProgressTest {
  private static final long SECOND = 1_000_000_000;

  private final StringWriter out = new StringWriter();
  private long now = 5 * SECOND;

  @Test
  void advanced_onATerminal_saysShareRateAndTimeLeft() {
    ClassificationProgress progress = progress(80, OptionalInt.of(10_000));
    now += 2 * SECOND;
    progress.advanced(2_000);
    assertEquals("\r2,000 of 10,000 texts (20 %)  1,000 texts/s  0:00:08 left", shown());
    now += 6 * SECOND;
    progress.advanced(8_000);
    progress.ended();
    assertEquals(
        "\r10,000 of 10,000 texts (100 %)  1,250 texts/s  0:00:00 left\n",
        shown().replace(System.lineSeparator(), "\n"));
  }

  @Test
  void advanced_totalUnknown_saysCountAndRate() {
    ClassificationProgress progress = progress(80, OptionalInt.empty());
    now += 2 * SECOND;
    progress.advanced(2_000);
    assertEquals("\r2,000 texts  1,000 texts/s", shown());
  }

  @Test
  void advanced_narrowTerminal_keepsTheShare() {
    ClassificationProgress progress = progress(32, OptionalInt.of(10_000));
    now += 2 * SECOND;
    progress.advanced(2_000);
    assertEquals("\r2,000 of 10,000 texts (20 %)", shown());
  }

  @Test
  void advanced_elsewhere_isQuiet() {
    ClassificationProgress progress = progress(0, OptionalInt.of(10_000));
    now += SECOND;
    progress.advanced(5_000);
    progress.advanced(5_000);
    progress.ended();
    assertEquals("", shown());
  }

  private ClassificationProgress progress(int width, OptionalInt total) {
    return new ClassificationProgress(new PrintWriter(out), () -> width, () -> now, total);
  }

  private String shown() {
    String shown = out.toString();
    out.getBuffer().setLength(0);
    return shown;
  }
}
