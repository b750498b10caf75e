package dev.nunchi.serve;

import java.math.BigDecimal;
import java.util.OptionalLong;

/// How many texts a caller may have classified; 0 is no limit.
///
/// @param milliTextsPerSecond the rate, in thousandths
/// @param burst how many may come at once after a silence, where there is a rate
/// @param textsPerDay from midnight to midnight, UTC
record TextLimit(long milliTextsPerSecond, long burst, long textsPerDay) {
  static final String RATE = "texts-per-second";
  static final String BURST = "burst";
  static final String QUOTA = "texts-per-day";

  private static final BigDecimal MOST_PER_SECOND = BigDecimal.valueOf(1_000_000);
  private static final long MOST_BURST = 1_000_000;
  private static final long MOST_PER_DAY = 1_000_000_000_000_000L;

  boolean isNone() {
    return milliTextsPerSecond == 0 && textsPerDay == 0;
  }

  /// Whether so many at once are within it at all, however long their caller has been silent.
  boolean everAllows(long texts) {
    return (milliTextsPerSecond == 0 || texts <= burst)
        && (textsPerDay == 0 || texts <= textsPerDay);
  }

  /// What was said of a limit.
  record Given(OptionalLong milliTextsPerSecond, OptionalLong burst, OptionalLong textsPerDay) {
    static final Given NOTHING =
        new Given(OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty());

    /// With one more value.
    ///
    /// @throws IllegalArgumentException says what the key's values are, or that it is no key, to be
    ///   told after the key
    Given with(String key, String value) {
      return switch (key) {
        case RATE -> new Given(OptionalLong.of(rate(value)), burst, textsPerDay);
        case BURST ->
            new Given(
                milliTextsPerSecond, OptionalLong.of(whole(value, 1, MOST_BURST)), textsPerDay);
        case QUOTA ->
            new Given(milliTextsPerSecond, burst, OptionalLong.of(whole(value, 0, MOST_PER_DAY)));
        default ->
            throw new IllegalArgumentException(
                "is none of %s, %s and %s".formatted(RATE, BURST, QUOTA));
      };
    }

    /// With what another one says where this says nothing. A burst belongs to the rate that it was
    /// given with.
    Given or(Given wider) {
      return new Given(
          milliTextsPerSecond.isPresent() ? milliTextsPerSecond : wider.milliTextsPerSecond,
          burst.isPresent() || milliTextsPerSecond.isPresent() ? burst : wider.burst,
          textsPerDay.isPresent() ? textsPerDay : wider.textsPerDay);
    }

    /// What it comes to. Where no burst was given it is what the rate makes in a second.
    ///
    /// @param leastBurst of one that was not given
    /// @throws IllegalArgumentException where a burst has no rate
    TextLimit limit(long leastBurst) {
      long rate = milliTextsPerSecond.orElse(0);
      if (rate == 0 && burst.isPresent()) {
        throw new IllegalArgumentException("%s needs %s".formatted(BURST, RATE));
      }
      return new TextLimit(
          rate,
          rate == 0 ? 0 : burst.orElse(Math.max(leastBurst, Math.ceilDiv(rate, 1000))),
          textsPerDay.orElse(0));
    }

    private static long rate(String value) {
      try {
        // A number with an exponent could be made as long as one likes.
        if (value.matches("[0-9]{1,7}(\\.[0-9]{1,3})?")) {
          BigDecimal rate = new BigDecimal(value);
          if (rate.compareTo(MOST_PER_SECOND) <= 0) {
            return rate.movePointRight(3).longValueExact();
          }
        }
      } catch (ArithmeticException e) {
        // Told below.
      }
      throw new IllegalArgumentException(
          "is a number from 0 to %s with at most three decimals, such as 20 or 0.5"
              .formatted(MOST_PER_SECOND.toPlainString()));
    }

    private static long whole(String value, long least, long most) {
      if (value.matches("[0-9]{1,16}")) {
        long number = Long.parseLong(value);
        if (number >= least && number <= most) {
          return number;
        }
      }
      throw new IllegalArgumentException("is a whole number from %d to %d".formatted(least, most));
    }
  }
}
