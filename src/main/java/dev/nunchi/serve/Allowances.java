package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.Shortage;
import dev.nunchi.infer.Occlusion;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Counts the texts of each caller, and refuses those over its limit, where there is one.
///
/// What is counted is what would be run: a text, and each of the runs that its evidence may take.
/// It is taken before it is queued, all of a batch or nothing; what the queue refuses at once is
/// given back. Limits are read again when their file changes, and the counts stay.
///
/// At most `nunchi.limits.max-counted-callers` callers have a count of their own, beside those who
/// have a token of the file or a line in the file of limits. One who has used nothing of the limit
/// any more is forgotten; one who has is not, so that nobody comes to a new count by having others
/// push him out. Where there is no place, callers who are new share one count.
///
/// Safe for several threads.
@Singleton
final class Allowances {
  private static final Logger LOG = Logger.getLogger(Allowances.class);

  // Right after authentication.
  private static final int PRIORITY = 190;

  /// Callers who are looked at where one finds no place: there may be very many, and who looks is
  /// an event loop.
  private static final int LOOKED_AT = 64;

  private final Settings settings;
  private final long leastBurst;
  private final LongSupplier nanos;
  private final InstantSource clock;
  private final Map<Identity, Allowance> allowances = new ConcurrentHashMap<>();

  // Those in the map above who are neither named nor have a token.
  private final AtomicInteger strangers = new AtomicInteger();

  /// Where the next look begins; locked by who looks.
  private Iterator<Identity> next = Collections.emptyIterator();

  private final ReentrantLock looking = new ReentrantLock();
  private volatile CallerLimits limits;
  private volatile boolean full;

  /// What the settings say.
  ///
  /// @param all what holds for everybody whom the file does not name
  /// @param file of other limits
  /// @param mostCallers who have a count of their own
  record Settings(TextLimit.Given all, Optional<Path> file, int mostCallers) {
    static final Settings NONE = new Settings(TextLimit.Given.NOTHING, Optional.empty(), 1);
  }

  @Inject
  Allowances(ServeConfig config) {
    this(config.callers(), config.maxBatchSize(), System::nanoTime, InstantSource.system());
  }

  /// @param batch requests of the largest batch, which a burst that is not given has room for
  Allowances(Settings settings, int batch, LongSupplier nanos, InstantSource clock) {
    this.settings = settings;
    this.leastBurst = Math.max(batch, 1 + Occlusion.MAX_COUNT);
    this.nanos = nanos;
    this.clock = clock;
    this.limits = read();
  }

  /// Without a limit for anybody.
  static Allowances unlimited() {
    return new Allowances(Settings.NONE, 1, System::nanoTime, InstantSource.system());
  }

  void register(@Observes Filters filters, Reloads reloads, OwnCalls ownCalls) {
    settings
        .file()
        .ifPresent(file -> {
          reloads.watch(
              List.of(file),
              () -> {
                reload();
                LOG.infof("The limits of callers were read again from %s", file);
              },
              "the limits that it held before stay");
          reload();
        });
    if (isOn()) {
      filters.register(context -> identify(context, ownCalls), PRIORITY);
      reloads.repeat(this::sweep);
    }
  }

  /// Reads the file again, and keeps what was counted.
  ///
  /// @throws NunchiException as [CallerLimits#read]; the limits are then as they were
  void reload() {
    limits = read();
  }

  private CallerLimits read() {
    return CallerLimits.read(settings.all(), settings.file(), leastBurst);
  }

  private boolean isOn() {
    return settings.file().isPresent() || !limits.others().isNone();
  }

  private static void identify(RoutingContext context, OwnCalls ownCalls) {
    Identity who =
        ownCalls.isOne(context.request()) ? Identity.SERVER : Identity.of(context.request());
    who.begin();
    context.next();
  }

  /// What was taken for a call.
  interface Taken {
    /// It was for nothing: nothing of the call will be run.
    void giveBack();
  }

  /// Takes that many texts for the caller of the call that runs on this thread.
  ///
  /// @param field what makes the request too large, where it has more than the limit ever allows
  /// @throws NunchiException `RATE_LIMITED` or `QUOTA_EXCEEDED` with the [Shortage], and nothing is
  ///   taken; `INVALID_ARGUMENT`
  Taken take(long texts, String field) {
    return take(Identity.current(), texts, field);
  }

  Taken take(Identity caller, long texts, String field) {
    TextLimit limit = limits.of(caller);
    if (limit.isNone() || caller.equals(Identity.SERVER)) {
      return () -> {};
    }
    if (!limit.everAllows(texts)) {
      throw NunchiException.ofField(
          Reason.INVALID_ARGUMENT,
          field,
          "The request counts as %d texts, more than %s may ever send at once (%s)"
              .formatted(texts, caller, words(limit)));
    }
    Identity counted = caller;
    Optional<Allowance.Lack> lack = lack(caller, limit, texts);
    if (lack.isEmpty()) {
      makePlace();
      lack = lack(caller, limit, texts);
    }
    if (lack.isEmpty()) {
      complain();
      counted = Identity.UNKNOWN;
      lack = lack(counted, limit, texts);
    }
    if (!lack.orElseThrow().equals(Allowance.Lack.NONE)) {
      throw refused(caller, limit, lack.get());
    }
    return givenBack(counted, texts);
  }

  private Taken givenBack(Identity counted, long texts) {
    return () ->
        allowances.computeIfPresent(
            counted,
            (_, allowance) -> {
              allowance.giveBack(texts);
              return allowance;
            });
  }

  /// Takes them, if they can be taken.
  ///
  /// @return empty where there is no place to count the caller
  private Optional<Allowance.Lack> lack(Identity counted, TextLimit limit, long texts) {
    List<Allowance.Lack> lack = new ArrayList<>(1);
    // Under the map's own lock, so that none is forgotten while it is used.
    allowances.compute(
        counted,
        (who, known) -> {
          long now = nanos.getAsLong();
          @Nullable Allowance allowance = known;
          if (allowance == null) {
            if (!takePlace(who)) {
              return null;
            }
            allowance = new Allowance(now);
          }
          lack.add(allowance.take(limit, texts, now, clock.millis()));
          return allowance;
        });
    return lack.stream().findFirst();
  }

  private boolean takePlace(Identity who) {
    if (!isStranger(who)) {
      return true;
    }
    if (strangers.incrementAndGet() <= settings.mostCallers() || limits.named().containsKey(who)) {
      return true;
    }
    strangers.decrementAndGet();
    return false;
  }

  /// Whether it is none of those whose number the operator knows.
  private static boolean isStranger(Identity who) {
    return who.kind() != Identity.Kind.TOKEN && !who.equals(Identity.UNKNOWN);
  }

  private void complain() {
    if (!full) {
      full = true;
      LOG.warnf(
          "The texts of %d callers are counted, which are all that"
              + " nunchi.limits.max-counted-callers allows; those who are new share one count",
          settings.mostCallers());
    }
  }

  /// Forgets who has used nothing of his limit any more, among the few who are looked at; the next
  /// one who finds no place goes on from there.
  private void makePlace() {
    if (!looking.tryLock()) {
      return;
    }
    try {
      for (int i = 0; i < LOOKED_AT && strangers.get() >= settings.mostCallers(); i++) {
        if (!next.hasNext()) {
          next = allowances.keySet().iterator();
        }
        if (next.hasNext()) {
          forgetIfWhole(next.next());
        }
      }
    } finally {
      looking.unlock();
    }
  }

  /// Forgets all those.
  void sweep() {
    allowances.keySet().forEach(this::forgetIfWhole);
    if (strangers.get() < settings.mostCallers()) {
      full = false;
    }
  }

  private void forgetIfWhole(Identity who) {
    allowances.computeIfPresent(
        who,
        (_, allowance) -> {
          if (allowance.isWhole(limits.of(who), nanos.getAsLong(), clock.millis())) {
            if (isStranger(who)) {
              strangers.decrementAndGet();
            }
            return null;
          }
          return allowance;
        });
  }

  /// Callers who have a count.
  int size() {
    return allowances.size();
  }

  private static NunchiException refused(Identity caller, TextLimit limit, Allowance.Lack lack) {
    Shortage shortage = new Shortage(caller.toString(), lack.delay());
    String when = "; there is room again in %s".formatted(inWords(lack.delay()));
    return lack.ofDay()
        ? NunchiException.ofShortage(
            Reason.QUOTA_EXCEEDED,
            "%s has sent the %d texts that it may send in a day (UTC)"
                    .formatted(caller, limit.textsPerDay())
                + when,
            shortage)
        : NunchiException.ofShortage(
            Reason.RATE_LIMITED,
            "%s sends more texts than it may (%s)".formatted(caller, words(limit)) + when,
            shortage);
  }

  private static String words(TextLimit limit) {
    StringBuilder words = new StringBuilder();
    if (limit.milliTextsPerSecond() != 0) {
      words
          .append(
              BigDecimal.valueOf(limit.milliTextsPerSecond(), 3)
                  .stripTrailingZeros()
                  .toPlainString())
          .append(" a second, ")
          .append(limit.burst())
          .append(" at once");
    }
    if (limit.textsPerDay() != 0) {
      words.append(words.isEmpty() ? "" : ", ").append(limit.textsPerDay()).append(" a day");
    }
    return words.toString();
  }

  private static String inWords(Duration wait) {
    long millis = wait.plusNanos(999_999).toMillis();
    return millis < 10_000 ? millis + " ms" : wait.plusNanos(999_999_999).toSeconds() + " s";
  }
}
