package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PullProgressTest {
  private final StringWriter out = new StringWriter();
  private long now;

  @Test
  void pull_onATerminal_rewritesOneLineOfBytes() {
    PullProgress progress = progress(100);
    progress.planned("klue/roberta-base", 4_000_000);
    progress.found(1_000_000);
    now += TimeUnit.SECONDS.toNanos(1);
    progress.received(1_000_000);
    assertTrue(
        out.toString().endsWith("\r2,000,000 of 4,000,000 bytes (50 %)  1.0 MB/s  0:00:02 left"),
        out::toString);
    progress.noted("model.safetensors: the connection broke");
    progress.lost(500_000);
    now += TimeUnit.SECONDS.toNanos(1);
    progress.received(2_500_000);
    progress.ended();
    assertTrue(
        out.toString().contains("\r4,000,000 of 4,000,000 bytes (100 %)  1.8 MB/s  0:00:00 left"),
        out::toString);
    assertTrue(
        out.toString().endsWith("\nPulled 3,500,000 bytes in 0:00:02; 1,000,000 were here\n"),
        out::toString);
  }

  @Test
  void pull_elsewhere_saysHowItBeginsAndEnds() {
    PullProgress progress = progress(0);
    progress.planned("a/b", 10);
    progress.planned("a/b", 20);
    progress.received(20);
    progress.noted("x");
    progress.ended();
    assertEquals("Pulling a/b\nNote: x\nPulled 20 bytes in 0:00:00; 0 were here\n", out.toString());
  }

  @Test
  void close_pullThatFailed_endsTheLineOnce() {
    PullProgress progress = progress(100);
    progress.planned("klue/roberta-base", 4_000_000);
    progress.received(1_000_000);
    progress.close();
    progress.close();
    assertTrue(out.toString().matches("(?s)[^\r]*\r1,000,000 of [^\n]+ left\n"), out::toString);
  }

  private PullProgress progress(int width) {
    return new PullProgress(new PrintWriter(out, true), () -> width, () -> now);
  }
}
