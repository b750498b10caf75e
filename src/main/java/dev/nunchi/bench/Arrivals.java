package dev.nunchi.bench;

import java.util.Random;
import java.util.function.LongSupplier;

/// When the calls of a load begin.
public sealed interface Arrivals {
  /// Each of so many callers begins a call when its last one has ended: finds what a server can do,
  /// and is blind to how long others would have waited.
  record Closed(int callers) implements Arrivals {}

  /// Calls begin by themselves at random moments (a Poisson process), whether or not earlier ones
  /// have ended, as independent users do. Latency counts from the moment at which a call was to
  /// begin, so that a server that stalls is charged with all who would have come meanwhile (no
  /// coordinated omission).
  ///
  /// @param perSecond calls, on average
  record Open(double perSecond, long seed) implements Arrivals {
    /// Nanoseconds from one call to the next; endless, one thread.
    LongSupplier gaps() {
      Random random = new Random(seed);
      return () -> (long) (-Math.log(1 - random.nextDouble()) / perSecond * 1e9);
    }
  }
}
