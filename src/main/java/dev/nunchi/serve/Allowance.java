package dev.nunchi.serve;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/// What one caller has used of a [TextLimit]: a leaky bucket for the rate, and a count of the day.
///
/// The bucket holds what was taken and leaks at the rate; texts fit while it holds no more than the
/// burst. So in any time t no more than `burst + rate * t` texts pass. It counts in whole units, of
/// which a text has a million million and a nanosecond brings one for each thousandth of a text a
/// second, so nothing is rounded, and a text that is told to wait so long fits exactly then.
///
/// Another limit may hold for each call: what was taken stays taken. Not safe for several threads.
final class Allowance {
  private static final long TEXT = 1_000_000_000_000L;

  private long held;
  private long heldAt;
  private long day;
  private long takenToday;

  /// @param nanos now, as [System#nanoTime]
  Allowance(long nanos) {
    this.heldAt = nanos;
  }

  /// Why texts were not taken, and in what time they can be, if nothing is taken meanwhile.
  record Lack(boolean ofDay, Duration delay) {
    /// Nothing is lacking: they were taken.
    static final Lack NONE = new Lack(false, Duration.ZERO);
  }

  /// Takes that many texts, or none.
  ///
  /// @param texts no more than the limit ever allows
  /// @param nanos now, as [System#nanoTime]
  /// @param millis now, since 1970
  Lack take(TextLimit limit, long texts, long nanos, long millis) {
    pass(limit, nanos, millis);
    long wait = 0;
    if (limit.milliTextsPerSecond() != 0) {
      long over = held + texts * TEXT - limit.burst() * TEXT;
      wait = over <= 0 ? 0 : Math.ceilDiv(over, limit.milliTextsPerSecond());
    }
    boolean ofDay = limit.textsPerDay() != 0 && takenToday + texts > limit.textsPerDay();
    if (ofDay) {
      long midnight = (day + 1) * TimeUnit.DAYS.toMillis(1);
      wait = Math.max(wait, TimeUnit.MILLISECONDS.toNanos(midnight - millis));
    }
    if (wait > 0) {
      return new Lack(ofDay, Duration.ofNanos(wait));
    }
    if (limit.milliTextsPerSecond() != 0) {
      held += texts * TEXT;
    }
    takenToday += texts;
    return Lack.NONE;
  }

  /// Gives back what was taken, and not used.
  void giveBack(long texts) {
    held = Math.max(0, held - texts * TEXT);
    takenToday = Math.max(0, takenToday - texts);
  }

  /// Whether a new one would be the same: nothing of the limit is used.
  boolean isWhole(TextLimit limit, long nanos, long millis) {
    pass(limit, nanos, millis);
    return held == 0 && (limit.textsPerDay() == 0 || takenToday == 0);
  }

  /// Lets the time pass until now.
  private void pass(TextLimit limit, long nanos, long millis) {
    long rate = limit.milliTextsPerSecond();
    long passed = Math.max(0, nanos - heldAt);
    held = rate == 0 || passed > held / rate ? 0 : held - rate * passed;
    heldAt += passed;
    long today = Math.floorDiv(millis, TimeUnit.DAYS.toMillis(1));
    // Another day, also an earlier one: a clock that was set right must not keep anybody out.
    if (today != day) {
      day = today;
      takenToday = 0;
    }
  }
}
