package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StepRateTest {
  private static final long SECOND = 1_000_000_000;

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 30 * SECOND);
  private final StepRate rate = new StepRate(nanos::get);

  @Test
  void rates_beforeTheFirstStep_areNothing() {
    assertEquals(0, rate.tokensPerSecond());
    assertEquals(0, rate.secondsPerStep());
    assertEquals(0, rate.overallTokensPerSecond());
  }

  @Test
  void rates_underAMinute_countFromTheStart() {
    steps(20, 2, 100);
    assertEquals(50, rate.tokensPerSecond());
    assertEquals(2, rate.secondsPerStep());
    assertEquals(50, rate.overallTokensPerSecond());
  }

  @Test
  void rates_speedThatChanged_followWithinAMinute() {
    steps(100, 2, 100);
    steps(60, 1, 100);
    assertEquals(100, rate.tokensPerSecond());
    assertEquals(1, rate.secondsPerStep());
    assertEquals(16_000 / 260.0, rate.overallTokensPerSecond(), 1e-9);
    assertEquals(260, rate.totalSeconds());
  }

  @Test
  void rates_stepsOverAMinuteLong_areThoseOfTheLast() {
    steps(1, 90, 900);
    steps(1, 100, 500);
    assertEquals(5, rate.tokensPerSecond());
    assertEquals(100, rate.secondsPerStep());
  }

  @Test
  void rates_evaluationBetweenSteps_doesNotCount() {
    steps(5, 1, 100);
    nanos.addAndGet(500 * SECOND);
    rate.restartClock();
    steps(5, 1, 100);
    assertEquals(100, rate.tokensPerSecond());
    assertEquals(10, rate.totalSeconds());
  }

  private void steps(int count, long seconds, long tokens) {
    for (int i = 0; i < count; i++) {
      nanos.addAndGet(seconds * SECOND);
      rate.stepped(tokens);
    }
  }
}
