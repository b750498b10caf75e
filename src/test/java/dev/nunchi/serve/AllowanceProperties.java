package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/// What holds for any limit and any calls.
class AllowanceProperties {
  private static final long DAY_MILLIS = Duration.ofDays(1).toMillis();

  /// Some texts that come a while after those before.
  record Arrival(long afterNanos, int texts) {}

  /// Texts that passed.
  private record Passed(long at, long texts) {}

  @Property(tries = 300)
  void take_anyCalls_noIntervalHasMoreThanBurstAndRate(
      @ForAll("limits") TextLimit limit, @ForAll("arrivals") List<Arrival> arrivals) {
    Allowance allowance = new Allowance(0);
    List<Passed> passed = new ArrayList<>();
    long now = 0;
    for (Arrival arrival : arrivals) {
      now += arrival.afterNanos();
      if (limit.everAllows(arrival.texts())
          && allowance
              .take(limit, arrival.texts(), now, now / 1_000_000)
              .equals(Allowance.Lack.NONE)) {
        passed.add(new Passed(now, arrival.texts()));
      }
    }
    for (int from = 0; from < passed.size(); from++) {
      long texts = 0;
      for (int to = from; to < passed.size(); to++) {
        texts += passed.get(to).texts();
        assertTrue(
            isWithin(limit, texts, passed.get(to).at() - passed.get(from).at()),
            "%d texts between %s and %s".formatted(texts, passed.get(from), passed.get(to)));
      }
    }
  }

  @Property(tries = 300)
  void take_refused_passesAfterTheDelayAndNotBefore(
      @ForAll("limits") TextLimit limit, @ForAll("arrivals") List<Arrival> arrivals) {
    Allowance allowance = new Allowance(0);
    long now = 0;
    for (Arrival arrival : arrivals) {
      now += arrival.afterNanos();
      if (!limit.everAllows(arrival.texts())) {
        continue;
      }
      Allowance.Lack lack = allowance.take(limit, arrival.texts(), now, now / 1_000_000);
      if (!lack.equals(Allowance.Lack.NONE)) {
        long delay = lack.delay().toNanos();
        assertTrue(delay > 0);
        // A day begins with a millisecond.
        long before = Math.max(now, now + delay - (lack.ofDay() ? 1_000_001 : 1));
        Allowance.Lack still = allowance.take(limit, arrival.texts(), before, before / 1_000_000);
        assertTrue(!still.equals(Allowance.Lack.NONE), "it passed before " + delay);
        now += delay;
        assertEquals(
            Allowance.Lack.NONE,
            allowance.take(limit, arrival.texts(), now, now / 1_000_000),
            "it did not pass after " + delay);
      }
    }
  }

  @Property(tries = 300)
  void take_anyCalls_noDayHasMoreThanItsTexts(
      @ForAll("limits") TextLimit limit, @ForAll("arrivals") List<Arrival> arrivals) {
    Allowance allowance = new Allowance(0);
    long[] days = new long[arrivals.size() + 1];
    long millis = 0;
    for (Arrival arrival : arrivals) {
      // A nanosecond as a tenth of a second, so that days pass.
      millis += arrival.afterNanos() % (DAY_MILLIS / 2);
      if (limit.everAllows(arrival.texts())
          && allowance
              .take(limit, arrival.texts(), millis * 1_000_000, millis)
              .equals(Allowance.Lack.NONE)) {
        days[(int) (millis / DAY_MILLIS)] += arrival.texts();
      }
    }
    for (long texts : days) {
      assertTrue(limit.textsPerDay() == 0 || texts <= limit.textsPerDay());
    }
  }

  @Provide
  Arbitrary<TextLimit> limits() {
    Arbitrary<Long> rates =
        Arbitraries.oneOf(Arbitraries.longs().between(1, 50_000), Arbitraries.of(1_000_000_000L));
    Arbitrary<Long> days =
        Arbitraries.oneOf(Arbitraries.of(0L), Arbitraries.longs().between(1, 60));
    return Combinators.combine(rates, Arbitraries.longs().between(1, 40), days).as(TextLimit::new);
  }

  @Provide
  Arbitrary<List<Arrival>> arrivals() {
    Arbitrary<Long> gaps =
        Arbitraries.oneOf(
            Arbitraries.of(0L, 1L),
            Arbitraries.longs().between(0, 100_000_000),
            Arbitraries.longs().between(0, 40_000_000_000L));
    return Combinators.combine(gaps, Arbitraries.integers().between(1, 20))
        .as(Arrival::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(60);
  }

  /// `texts <= burst + rate * time`, without rounding.
  private static boolean isWithin(TextLimit limit, long texts, long nanos) {
    BigInteger text = BigInteger.valueOf(1_000_000_000_000L);
    return BigInteger.valueOf(texts - limit.burst())
            .multiply(text)
            .compareTo(
                BigInteger.valueOf(limit.milliTextsPerSecond()).multiply(BigInteger.valueOf(nanos)))
        <= 0;
  }
}
