package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AllowanceTest {
  private static final long NOON = Instant.parse("2026-11-27T12:00:00Z").toEpochMilli();
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  /// A clock that may have any value, as that of the system.
  private static final long START = Long.MAX_VALUE - 5 * SECOND;

  private final Allowance allowance = new Allowance(START);

  @Test
  void take_ofABurst_passesThenWaitsForTheRate() {
    TextLimit limit = new TextLimit(2_000, 3, 0);
    for (int i = 0; i < 3; i++) {
      assertEquals(Allowance.Lack.NONE, take(limit, 1, 0));
    }
    assertEquals(rate(Duration.ofMillis(500)), take(limit, 1, 0));
    assertEquals(rate(Duration.ofNanos(1)), take(limit, 1, SECOND / 2 - 1));
    assertEquals(Allowance.Lack.NONE, take(limit, 1, SECOND / 2));
    assertEquals(rate(Duration.ofMillis(1500)), take(limit, 3, SECOND / 2));
  }

  @Test
  void take_acrossTheEndOfTheClocksNumbers_goesOn() {
    TextLimit limit = new TextLimit(1_000, 1, 0);
    assertEquals(Allowance.Lack.NONE, take(limit, 1, 0));
    assertEquals(Allowance.Lack.NONE, take(limit, 1, 6 * SECOND));
    assertEquals(rate(Duration.ofSeconds(1)), take(limit, 1, 6 * SECOND));
  }

  @Test
  void take_afterALongSilence_hasOneBurst() {
    TextLimit limit = new TextLimit(1_000_000_000, 1_000_000, 0);
    assertEquals(Allowance.Lack.NONE, take(limit, 1_000_000, 0));
    assertEquals(Allowance.Lack.NONE, take(limit, 1_000_000, Duration.ofDays(365).toNanos()));
    assertEquals(rate(Duration.ofNanos(1_000)), take(limit, 1, Duration.ofDays(365).toNanos()));
  }

  @Test
  void take_aClockThatStepsBack_addsNothing() {
    TextLimit limit = new TextLimit(1_000, 2, 0);
    assertEquals(Allowance.Lack.NONE, take(limit, 2, SECOND));
    assertEquals(rate(Duration.ofSeconds(1)), take(limit, 1, 0));
    assertEquals(rate(Duration.ofSeconds(1)), take(limit, 1, SECOND));
  }

  @Test
  void take_ofADay_endsAtMidnightInUtc() {
    TextLimit limit = new TextLimit(0, 0, 10);
    assertEquals(Allowance.Lack.NONE, allowance.take(limit, 9, 0, NOON));
    assertEquals(new Allowance.Lack(true, Duration.ofHours(12)), allowance.take(limit, 2, 0, NOON));
    assertEquals(Allowance.Lack.NONE, allowance.take(limit, 1, 0, NOON));
    long last = NOON + Duration.ofHours(12).toMillis() - 1;
    assertEquals(new Allowance.Lack(true, Duration.ofMillis(1)), allowance.take(limit, 1, 0, last));
    assertEquals(Allowance.Lack.NONE, allowance.take(limit, 10, 0, last + 1));
  }

  @Test
  void take_bothLack_waitsForTheLaterOne() {
    TextLimit limit = new TextLimit(1, 100, 100);
    long evening = NOON + Duration.ofHours(12).toMillis() - 1_000;
    assertEquals(Allowance.Lack.NONE, allowance.take(limit, 100, 0, evening));
    assertEquals(
        new Allowance.Lack(true, Duration.ofSeconds(1_000)), allowance.take(limit, 1, 0, evening));
  }

  @Test
  void take_underAnotherLimit_keepsWhatWasTaken() {
    assertEquals(Allowance.Lack.NONE, take(new TextLimit(1_000, 10, 0), 10, 0));
    assertEquals(rate(Duration.ofSeconds(1)), take(new TextLimit(1_000, 10, 0), 1, 0));
    // Ten times faster, a smaller burst: ten are held, and six of them have to go.
    assertEquals(rate(Duration.ofMillis(600)), take(new TextLimit(10_000, 5, 0), 1, 0));
    assertEquals(Allowance.Lack.NONE, take(new TextLimit(1_000, 11, 0), 1, 0));
  }

  @Test
  void giveBack_whatWasTaken_isThereAgain() {
    TextLimit limit = new TextLimit(1_000, 5, 5);
    assertTrue(allowance.isWhole(limit, 0, NOON));
    assertEquals(Allowance.Lack.NONE, allowance.take(limit, 5, 0, NOON));
    assertFalse(allowance.isWhole(limit, 0, NOON));
    allowance.giveBack(5);
    assertTrue(allowance.isWhole(limit, 0, NOON));
    assertEquals(Allowance.Lack.NONE, allowance.take(limit, 5, 0, NOON));
  }

  @Test
  void isWhole_ofTextsOfADay_afterMidnightAlone() {
    TextLimit limit = new TextLimit(1_000, 5, 5);
    assertEquals(Allowance.Lack.NONE, allowance.take(limit, 1, START, NOON));
    assertFalse(allowance.isWhole(limit, START + SECOND, NOON));
    assertTrue(allowance.isWhole(limit, START + SECOND, NOON + Duration.ofHours(12).toMillis()));
  }

  private Allowance.Lack take(TextLimit limit, long texts, long after) {
    return allowance.take(limit, texts, START + after, NOON);
  }

  private static Allowance.Lack rate(Duration delay) {
    return new Allowance.Lack(false, delay);
  }
}
