package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.infer.Simulation.Call;
import dev.nunchi.infer.Terms.Urgency;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.IntSupplier;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a queue does with more than its workers can do, on a virtual clock.
class OverloadTest {
  private static final Duration LIMIT = Duration.ofMillis(200);

  /// The first second, in which nothing is known of the cost, is not looked at.
  private static final double FROM = 1;

  private static final double TO = 11;

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "1, 50, 2", "2, 1, 3", "2, 50, 4", "4, 7, 5"})
  void overload_tenTimesTheCapacity_losesNoneOfIt(int workers, int callers, long seed) {
    Simulation load = new Simulation(seed, workers, 2048);
    double capacity = workers * Simulation.perSecond();
    load.poisson(
        10 * capacity,
        0,
        TO,
        number ->
            load.call(
                load.model,
                "caller " + number % callers,
                Urgency.INTERACTIVE,
                load.tokens(),
                LIMIT));
    load.run();
    assertGoodput(load, capacity, 0.95);
    assertRefusedSoon(load);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void overload_deadlinesOfTwoKinds_keepsWhatItAccepted(long seed) {
    Simulation load = new Simulation(seed, 2, 2048);
    double capacity = 2 * Simulation.perSecond();
    load.poisson(
        5 * capacity,
        0,
        TO,
        number ->
            load.call(
                load.model,
                "caller",
                Urgency.INTERACTIVE,
                load.tokens(),
                number % 2 == 0 ? Duration.ofMillis(80) : Duration.ofMillis(800)));
    load.run();
    assertGoodput(load, capacity, 0.95);
    assertRefusedSoon(load);
    // Neither shuts the other out.
    for (long millis : List.of(80L, 800L)) {
      double served =
          rate(load, call -> call.isInTime() && Duration.ofMillis(millis).equals(call.limit));
      assertTrue(served > 0.1 * capacity, "of %d ms: %f".formatted(millis, served));
    }
  }

  /// A processor that others take, or a clock that falls: what is known of the cost is wrong.
  @Test
  void overload_textsTakeThreeTimesAsLong_recoversInASecond() {
    Simulation load = new Simulation(6, 2, 2048);
    double capacity = 2 * Simulation.perSecond();
    load.slowness = 1.0 / 3;
    load.poisson(
        10 * capacity,
        0,
        TO,
        _ -> load.call(load.model, "caller", Urgency.INTERACTIVE, load.tokens(), LIMIT));
    load.at(FROM - 0.5, () -> load.slowness = 1);
    load.run();
    assertGoodput(load, capacity, 0.95);
  }

  @Test
  void overload_twoModels_shareTheWorkersAndThePlaces() {
    Simulation load = new Simulation(7, 2, 100);
    Scheduler other = load.model();
    double capacity = 2 * Simulation.perSecond();
    load.poisson(
        10 * capacity,
        0,
        TO,
        number -> {
          load.call(
              number % 2 == 0 ? load.model : other,
              "caller " + number % 6,
              Urgency.INTERACTIVE,
              load.tokens(),
              LIMIT);
          assertTrue(load.model.waitingCount() + other.waitingCount() <= 100);
        });
    load.run();
    assertGoodput(load, capacity, 0.95);
  }

  /// Alone, as without limits, nothing is refused and the order is that of arrival.
  @Test
  void noOverload_halfOfTheCapacity_refusesNothing() {
    Simulation load = new Simulation(8, 2, 2048);
    load.poisson(
        Simulation.perSecond(),
        0,
        TO,
        _ -> load.call(load.model, "caller", Urgency.INTERACTIVE, load.tokens(), LIMIT));
    load.run();
    assertEquals(0, load.calls.stream().filter(call -> !call.isInTime()).count());
  }

  /// A queue that has just begun is not one that does not go away, however long nobody came before.
  @Test
  void burst_afterAPause_isAnswered() {
    Simulation load = new Simulation(14, 2, 2048);
    load.poisson(
        Simulation.perSecond(),
        0,
        FROM,
        _ -> load.call(load.model, "caller", Urgency.INTERACTIVE, load.tokens(), LIMIT));
    for (int i = 0; i < 80; i++) {
      load.at(10, () -> load.call(load.model, "caller", Urgency.INTERACTIVE, 20, LIMIT));
    }
    load.run();
    assertEquals(0, load.calls.stream().filter(call -> !call.isInTime()).count());
  }

  /// Those who waited once are not waited for.
  @Test
  void loneCaller_whenACrowdHasGone_isAnswered() {
    Simulation load = new Simulation(15, 1, 2048);
    for (int i = 0; i < 50; i++) {
      load.closed("caller " + i, Urgency.INTERACTIVE, 1, 0, FROM);
    }
    for (int i = 0; i < 3; i++) {
      load.at(3600, () -> againInTime(load, 3602));
    }
    load.run();
    assertEquals(
        0, load.calls.stream().filter(call -> call.at > 3599e9 && !call.isInTime()).count());
  }

  /// There is nothing to lose where each has a worker, though the cost leaves them no time.
  @Test
  void tightDeadlines_aWorkerForEach_areTried() {
    Simulation load = new Simulation(16, 2, 2048);
    load.poisson(
        Simulation.perSecond(),
        0,
        FROM,
        _ -> load.call(load.model, "caller", Urgency.INTERACTIVE, load.tokens(), LIMIT));
    Duration tight = Duration.ofMillis(2);
    for (int i = 0; i < 2; i++) {
      load.at(10, () -> load.call(load.model, "caller", Urgency.INTERACTIVE, 20, tight));
    }
    load.run();
    assertEquals(
        2, load.calls.stream().filter(call -> tight.equals(call.limit) && call.answered).count());
  }

  /// What is accepted while nothing is known of the cost is not run when it is, and is too much.
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void firstBurst_ofANewModel_runsNothingInVain(long seed) {
    Simulation load = new Simulation(seed, 1, 2048);
    for (int i = 0; i < 40; i++) {
      load.at(0, () -> load.call(load.model, "caller", Urgency.INTERACTIVE, 100, LIMIT));
    }
    // For which the worker is wanted.
    load.at(0, () -> load.call(load.model, "caller", Urgency.INTERACTIVE, 100, null));
    load.run();
    assertTrue(load.calls.stream().allMatch(call -> !call.answered || call.isInTime()));
    assertTrue(load.calls.stream().filter(Call::isInTime).count() >= 7);
  }

  private static void againInTime(Simulation load, double until) {
    if (load.second() < until) {
      Call call = load.call(load.model, "lone", Urgency.INTERACTIVE, 20, LIMIT);
      call.ended.thenRun(() -> load.at(load.second() + 0.0002, () -> againInTime(load, until)));
    }
  }

  /// Also where texts run together: his do not fill up the others' runs.
  @ParameterizedTest
  @CsvSource({"2, false", "1, true", "2, true"})
  void greedyCaller_besideTenModestOnes_waitsForHimself(int workers, boolean together) {
    double alone = modestP99(0, workers, together);
    double beside = modestP99(1000, workers, together);
    assertTrue(beside <= 2 * alone, "%f ms beside, %f ms alone".formatted(beside, alone));
  }

  /// Milliseconds.
  private static double modestP99(int greedy, int workers, boolean together) {
    Simulation load =
        new Simulation(
            9, workers, 2048, together ? BatchMates.near(8, 160, workers) : BatchMates.none());
    load.closed("greedy", Urgency.INTERACTIVE, greedy, 0, TO);
    for (int i = 0; i < 10; i++) {
      load.closed("modest " + i, Urgency.INTERACTIVE, 1, 0.5, TO);
    }
    load.run();
    List<Call> modest =
        load.calls.stream()
            .filter(call -> call.caller.startsWith("modest") && call.at > FROM * 1e9)
            .toList();
    assertTrue(modest.stream().allMatch(call -> call.answered), "a modest one was refused");
    return modest.stream().mapToDouble(Call::millis).sorted().toArray()[modest.size() * 99 / 100];
  }

  /// Where a call hardly takes longer with more texts, all run beside others, whoever has had more.
  @Test
  void greedyCaller_textsThatAreNearlyFree_runBesideOthers() {
    Simulation load = new Simulation(18, 1, 2048, BatchMates.nearlyFree(32, 1));
    load.closed("greedy", Urgency.INTERACTIVE, 100, 0, TO);
    load.closed("modest", Urgency.INTERACTIVE, 1, 0, TO);
    load.run();
    double rows = (double) load.model.times().texts() / load.runs;
    assertTrue(rows > 25, () -> "%.1f texts in a run".formatted(rows));
  }

  /// Whoever takes all places leaves some to others, so that these are not refused.
  @Test
  void greedyCaller_whoFillsThePlaces_leavesSomeToOthers() {
    Simulation load = new Simulation(10, 1, 64);
    load.closed("greedy", Urgency.INTERACTIVE, 200, 0, TO);
    load.closed("modest", Urgency.INTERACTIVE, 2, 0.5, TO);
    load.run();
    assertTrue(
        load.calls.stream().filter(call -> call.caller.equals("modest")).allMatch(c -> c.answered));
  }

  @Test
  void bulk_besideInteractive_waitsAndIsNotStarved() {
    Simulation load = new Simulation(11, 1, 2048);
    load.closed("bulk", Urgency.BULK, 500, 0, TO);
    load.closed("user", Urgency.INTERACTIVE, 1, FROM, 6);
    load.closed("flood", Urgency.INTERACTIVE, 100, 6, TO);
    load.run();
    double[] waits =
        load.calls.stream()
            .filter(call -> call.caller.equals("user") && call.endedAt < 6e9)
            .mapToDouble(Call::millis)
            .sorted()
            .toArray();
    double longest = Simulation.milliseconds(50);
    // The run that it meets, and its own.
    assertTrue(waits[waits.length - 1] <= 2.4 * longest, () -> "waited " + waits[waits.length - 1]);
    double bulk =
        load.calls.stream()
                .filter(call -> call.caller.equals("bulk"))
                .filter(call -> call.answered && call.endedAt > 7e9 && call.endedAt <= TO * 1e9)
                .count()
            / (TO - 7);
    assertTrue(bulk > 0.1 * Simulation.perSecond(), () -> "of bulk a second " + bulk);
  }

  /// Bulk texts that run beside interactive ones do not use up the time of one that fits to none.
  @Test
  void bulk_aLongOneAmongShortOnes_isNotStarved() {
    Simulation load = new Simulation(17, 1, 2048, BatchMates.near(8, 160, 1));
    Random random = new Random(17);
    IntSupplier few = () -> 8 + random.nextInt(9);
    for (int i = 0; i < 32; i++) {
      load.closed("user " + i, Urgency.INTERACTIVE, few, 0, TO);
      load.closed("bulk " + i, Urgency.BULK, i == 0 ? () -> 100 : few, 0, TO);
    }
    load.run();
    double longest =
        load.calls.stream()
            .filter(call -> call.caller.equals("bulk 0"))
            .mapToDouble(Call::millis)
            .max()
            .orElseThrow();
    assertTrue(longest < 2000, () -> "waited %.0f ms".formatted(longest));
  }

  /// One connection for many: who has no deadline, and who has a far one, are not passed for ever
  /// by those with near ones.
  @Test
  void farDeadline_amongNearOnes_hasItsTurn() {
    Simulation load = new Simulation(12, 1, 2048);
    load.poisson(
        1.5 * Simulation.perSecond(),
        0,
        TO,
        _ -> load.call(load.model, "proxy", Urgency.INTERACTIVE, load.tokens(), LIMIT));
    load.poisson(2, 0, TO, _ -> load.call(load.model, "proxy", Urgency.INTERACTIVE, 20, null));
    load.run();
    List<Call> patient = load.calls.stream().filter(call -> call.limit == null).toList();
    assertTrue(patient.stream().allMatch(call -> call.answered && call.millis() < 1500));
  }

  /// A model whose first runs were slow is not refused for ever: an idle worker tries.
  @Test
  void slowBeginning_shortDeadlines_isForgotten() {
    Simulation load = new Simulation(13, 1, 2048);
    load.slowness = 20;
    load.at(1, () -> load.slowness = 1);
    load.poisson(
        0.5 * Simulation.perSecond(),
        0,
        TO,
        _ ->
            load.call(
                load.model, "caller", Urgency.INTERACTIVE, load.tokens(), Duration.ofMillis(50)));
    load.run();
    long late = load.calls.stream().filter(call -> call.at > 6e9 && !call.isInTime()).count();
    long all = load.calls.stream().filter(call -> call.at > 6e9).count();
    assertTrue(late < 0.05 * all, "%d of %d late".formatted(late, all));
  }

  /// Texts that fit together run before their turn. They put off none that fits to nothing: neither
  /// among many of all lengths, nor a long one among short ones.
  @ParameterizedTest
  @CsvSource({"2, 1", "8, 1", "16, 1", "8, 2"})
  void mixedLengths_64CallersOverFewConnections_noneIsOvertakenByMany(
      int connections, int workers) {
    for (long seed = 1; seed <= 3; seed++) {
      Random random = new Random(seed);
      IntSupplier any = () -> reviewTokens(random);
      IntSupplier few = () -> 8 + random.nextInt(9);
      assertNoneOvertakenByMany(seed, connections, workers, any, any);
      assertNoneOvertakenByMany(seed, connections, workers, () -> 100, few);
    }
  }

  /// @param first the lengths of the first caller's texts
  /// @param others those of the others'
  private static void assertNoneOvertakenByMany(
      long seed, int connections, int workers, IntSupplier first, IntSupplier others) {
    Simulation load = new Simulation(seed, workers, 2048, BatchMates.near(8, 160, workers));
    for (int i = 0; i < 64; i++) {
      load.closed(
          "connection " + i % connections, Urgency.INTERACTIVE, i == 0 ? first : others, 0, TO);
    }
    load.run();
    int most = mostOvertaken(load);
    assertTrue(most <= 4 * 64 * workers, () -> "overtaken by %d, of seed %d".formatted(most, seed));
  }

  /// Few mostly, and seldom many, as reviews have.
  private static int reviewTokens(Random random) {
    return (int) Math.clamp(Math.exp(2.9 + 0.7 * random.nextGaussian()), 3, 120);
  }

  /// The most that came later than a call and were answered earlier.
  private static int mostOvertaken(Simulation load) {
    int most = 0;
    for (int i = 0; i < load.calls.size(); i++) {
      Call call = load.calls.get(i);
      int overtaken = 0;
      // Of those that came before its answer.
      for (int j = i + 1; j < load.calls.size() && load.calls.get(j).at < call.endedAt; j++) {
        overtaken += load.calls.get(j).endedAt < call.endedAt ? 1 : 0;
      }
      most = Math.max(most, overtaken);
    }
    return most;
  }

  private static double rate(Simulation load, Predicate<Call> which) {
    return load.calls.stream()
            .filter(call -> call.endedAt > FROM * 1e9 && call.endedAt <= TO * 1e9)
            .filter(which)
            .count()
        / (TO - FROM);
  }

  private static void assertGoodput(Simulation load, double capacity, double share) {
    double goodput = rate(load, Call::isInTime);
    assertTrue(
        goodput >= share * capacity,
        "goodput %.1f of a capacity of %.1f".formatted(goodput, capacity));
    assertTrue(load.calls.stream().allMatch(call -> call.endedAt >= 0), "every call has its end");
  }

  private static void assertRefusedSoon(Simulation load) {
    double[] refusals =
        load.calls.stream()
            .filter(call -> !call.answered && call.at > FROM * 1e9)
            .mapToDouble(Call::millis)
            .sorted()
            .toArray();
    double p99 = refusals[refusals.length * 99 / 100];
    assertTrue(p99 <= 5, () -> "99 %% of the refusals within %.1f ms".formatted(p99));
  }
}
