package dev.nunchi.infer;

import java.time.Duration;
import java.util.Optional;

/// A moment after which an answer is of no use to its caller.
///
/// @param nanoTime the moment on the clock of [System#nanoTime]; means nothing in [#NONE]
public record Deadline(long nanoTime) {
  /// The answer is waited for as long as it takes.
  public static final Deadline NONE = new Deadline(0);

  /// That long after `now`; a duration that no clock holds is as good as none.
  public static Deadline after(Duration duration, long now) {
    if (duration.compareTo(Duration.ofDays(1000)) > 0) {
      return NONE;
    }
    return new Deadline(now + duration.toNanos());
  }

  /// How long from `now` to the moment, less than nothing once it has passed; empty for [#NONE].
  public Optional<Duration> remaining(long now) {
    return isNone() ? Optional.empty() : Optional.of(Duration.ofNanos(nanoTime - now));
  }

  /// The same in nanoseconds; [Long#MAX_VALUE] for [#NONE].
  public long nanosLeft(long now) {
    return isNone() ? Long.MAX_VALUE : nanoTime - now;
  }

  /// Whether the moment is reached at `now`.
  boolean passed(long now) {
    // NONE is told by identity: any number may stand on a nanosecond clock.
    return !isNone() && now - nanoTime >= 0;
  }

  @SuppressWarnings("ReferenceEquality")
  private boolean isNone() {
    return this == NONE;
  }
}
