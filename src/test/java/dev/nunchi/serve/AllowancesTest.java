package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.serve.Identity.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class AllowancesTest {
  private static final Identity ONE = new Identity(Kind.TOKEN, "one");
  private static final Identity TWO = new Identity(Kind.TOKEN, "two");

  @TempDir private Path directory;

  private final AtomicLong nanos = new AtomicLong();
  private Instant now = Instant.parse("2026-11-27T12:00:00Z");

  @Test
  void take_overTheRate_isRefusedWithTheTimeUntilItFits() {
    Allowances allowances = allowances(given(2_000, 4, 0), Optional.empty(), 10);
    allowances.take(ONE, 4, "requests");
    NunchiException refused = refused(allowances, ONE, 1);
    assertEquals(Reason.RATE_LIMITED, refused.reason());
    assertEquals(
        "token:one sends more texts than it may (2 a second, 4 at once); there is room again in 500"
            + " ms",
        refused.getMessage());
    assertEquals("token:one", assertNotNullShortage(refused).subject());
    assertEquals(Duration.ofMillis(500), assertNotNullShortage(refused).delay());
    allowances.take(TWO, 4, "requests");
    nanos.addAndGet(Duration.ofMillis(500).toNanos());
    allowances.take(ONE, 1, "requests");
    assertEquals(Reason.RATE_LIMITED, refused(allowances, TWO, 2).reason());
  }

  @Test
  void take_overTheDay_isRefusedUntilMidnight() {
    Allowances allowances = allowances(given(0, 0, 1_000), Optional.empty(), 10);
    allowances.take(ONE, 1_000, "requests");
    NunchiException refused = refused(allowances, ONE, 1);
    assertEquals(Reason.QUOTA_EXCEEDED, refused.reason());
    assertEquals(
        "token:one has sent the 1000 texts that it may send in a day (UTC); there is room again in"
            + " 43200 s",
        refused.getMessage());
    now = now.plus(assertNotNullShortage(refused).delay());
    allowances.take(ONE, 1_000, "requests");
  }

  @Test
  void take_moreThanEver_isAMistakeOfTheRequest() {
    Allowances allowances = allowances(given(1_000, 4, 0), Optional.empty(), 10);
    NunchiException refused = refused(allowances, ONE, 5);
    assertEquals(Reason.INVALID_ARGUMENT, refused.reason());
    assertEquals("requests", refused.field());
    allowances.take(ONE, 4, "requests");
  }

  @Test
  void take_givenBack_isThereAgain() {
    Allowances allowances = allowances(given(1_000, 4, 4), Optional.empty(), 10);
    allowances.take(ONE, 4, "requests").giveBack();
    allowances.take(ONE, 4, "requests");
    assertEquals(Reason.QUOTA_EXCEEDED, refused(allowances, ONE, 1).reason());
  }

  @Test
  void take_ofTheServerItself_isNotCounted() {
    Allowances allowances = allowances(given(1_000, 1, 1), Optional.empty(), 10);
    for (int i = 0; i < 10; i++) {
      allowances.take(Identity.SERVER, 1, "requests");
    }
    assertEquals(0, allowances.size());
  }

  @Test
  void take_withoutLimits_countsNobody() {
    Allowances allowances = Allowances.unlimited();
    for (int i = 0; i < 10_000; i++) {
      allowances.take(ONE, 1_000, "requests");
    }
    assertEquals(0, allowances.size());
  }

  @Test
  void reload_otherLimits_keepWhatWasCounted() throws IOException {
    Path file = directory.resolve("limits");
    Files.writeString(file, "* texts-per-day=10\ntoken:two texts-per-day=0\n");
    Allowances allowances = allowances(TextLimit.Given.NOTHING, Optional.of(file), 10);
    allowances.take(ONE, 10, "requests");
    allowances.take(TWO, 1_000, "requests");
    assertEquals(Reason.QUOTA_EXCEEDED, refused(allowances, ONE, 1).reason());

    Files.writeString(file, "* texts-per-day=12\n");
    allowances.reload();
    allowances.take(ONE, 2, "requests");
    assertEquals(Reason.QUOTA_EXCEEDED, refused(allowances, ONE, 1).reason());

    Files.writeString(file, "* texts-per-day=many\n");
    assertThrows(NunchiException.class, allowances::reload);
    assertEquals(Reason.QUOTA_EXCEEDED, refused(allowances, ONE, 1).reason());
  }

  @Test
  void strangers_whoHaveUsedNothing_areForgotten() {
    Allowances allowances = allowances(given(1_000, 2, 0), Optional.empty(), 3);
    for (int i = 0; i < 3; i++) {
      allowances.take(address(i), 1, "requests");
    }
    assertEquals(3, allowances.size());
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    allowances.sweep();
    assertEquals(0, allowances.size());
  }

  @Test
  void strangers_overTheMost_shareOneCountAndPushNobodyOut() {
    Allowances allowances = allowances(given(1_000, 2, 0), Optional.empty(), 3);
    for (int i = 0; i < 3; i++) {
      allowances.take(address(i), 2, "requests");
    }
    allowances.take(address(3), 1, "requests");
    allowances.take(address(4), 1, "requests");
    assertEquals(Reason.RATE_LIMITED, refused(allowances, address(5), 1).reason());
    for (int i = 6; i < 1_000; i++) {
      assertEquals(Reason.RATE_LIMITED, refused(allowances, address(i), 1).reason());
    }
    // Those who have a count are as they were, tokens have one, and there is no more than that.
    assertEquals(Reason.RATE_LIMITED, refused(allowances, address(0), 1).reason());
    allowances.take(ONE, 2, "requests");
    assertEquals(5, allowances.size());
    // When they have used nothing any more, others have their places.
    nanos.addAndGet(Duration.ofSeconds(2).toNanos());
    allowances.take(address(7), 2, "requests");
    allowances.take(address(8), 2, "requests");
    assertEquals(Reason.RATE_LIMITED, refused(allowances, address(7), 1).reason());
  }

  /// Who finds no place looks for one on an event loop, where all others wait.
  @Test
  void strangers_veryMany_areLookedAtAFewAtATime() {
    int most = 10_000;
    AtomicInteger looks = new AtomicInteger();
    Allowances allowances =
        new Allowances(
            new Allowances.Settings(given(1_000, 2, 0), Optional.empty(), most),
            1,
            () -> {
              looks.incrementAndGet();
              return nanos.get();
            },
            () -> now);
    for (int i = 0; i < most; i++) {
      allowances.take(address(i), 2, "requests");
    }
    looks.set(0);
    allowances.take(address(most), 2, "requests");
    assertTrue(looks.get() < 100, "looked at " + looks);
    // The only one who has used nothing any more is found all the same.
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    for (int i = 1; i < most; i++) {
      allowances.take(address(i), 1, "requests");
    }
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    int passed = 0;
    for (int i = 1; i < 400; i++) {
      try {
        allowances.take(address(most + i), 2, "requests");
        passed++;
      } catch (NunchiException e) {
        assertEquals(Reason.RATE_LIMITED, e.reason());
      }
    }
    // By the count that they share, and by that place.
    assertEquals(2, passed);
  }

  @Test
  void strangers_withALineInTheFile_alwaysHaveACount() throws IOException {
    Path file = directory.resolve("limits");
    Files.writeString(file, "* texts-per-day=2\naddress:10.0.0.200 texts-per-day=3\n");
    Allowances allowances = allowances(TextLimit.Given.NOTHING, Optional.of(file), 1);
    allowances.take(address(1), 2, "requests");
    allowances.take(address(200), 3, "requests");
    assertEquals(Reason.QUOTA_EXCEEDED, refused(allowances, address(200), 1).reason());
  }

  /// Many threads at once, while the forgetting goes on: not one text more than the limit allows.
  @Test
  void take_manyThreads_passesExactlyWhatTheLimitAllows() throws Exception {
    Allowances allowances = allowances(given(1_000, 20_000, 0), Optional.empty(), 10);
    List<Future<Integer>> passed = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(9)) {
      Callable<Integer> caller =
          () -> {
            int count = 0;
            for (int i = 0; i < 5_000; i++) {
              try {
                Allowances.Taken taken = allowances.take(address(1), 1, "requests");
                if (i % 10 == 0) {
                  taken.giveBack();
                } else {
                  count++;
                }
              } catch (NunchiException e) {
                assertEquals(Reason.RATE_LIMITED, e.reason());
              }
            }
            return count;
          };
      for (int i = 0; i < 8; i++) {
        passed.add(threads.submit(caller));
      }
      Future<?> sweeping =
          threads.submit(() -> {
            for (int i = 0; i < 2_000; i++) {
              allowances.sweep();
            }
          });
      sweeping.get();
      int all = 0;
      for (Future<Integer> each : passed) {
        all += each.get();
      }
      assertEquals(20_000, all);
    }
  }

  private Allowances allowances(TextLimit.Given all, Optional<Path> file, int most) {
    return new Allowances(new Allowances.Settings(all, file, most), 1, nanos::get, () -> now);
  }

  private static TextLimit.Given given(long milliRate, long burst, long perDay) {
    return new TextLimit.Given(
        OptionalLong.of(milliRate),
        milliRate == 0 ? OptionalLong.empty() : OptionalLong.of(burst),
        OptionalLong.of(perDay));
  }

  private static Identity address(int number) {
    return new Identity(Kind.ADDRESS, "10.0.%d.%d".formatted(number / 256, number % 256));
  }

  private static NunchiException refused(Allowances allowances, Identity who, long texts) {
    return assertThrows(NunchiException.class, () -> allowances.take(who, texts, "requests"));
  }

  private static dev.nunchi.Shortage assertNotNullShortage(NunchiException refused) {
    assertNotNull(refused.shortage());
    assertTrue(refused.getStackTrace().length == 0);
    return refused.shortage();
  }
}
