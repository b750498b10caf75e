package dev.nunchi.serve;

import dev.nunchi.RootCause;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jose4j.jwk.JsonWebKey;
import org.jspecify.annotations.Nullable;

/// The keys of an identity provider, as they were when they were last fetched.
///
/// They are fetched by one at a time. Whoever needs a key that is not among them may ask for a
/// fetch, which begins no sooner than the least period after the last one began, however many ask.
/// What cannot be fetched changes nothing. Safe for several threads.
final class IssuerKeys {
  private static final Logger LOG = Logger.getLogger(IssuerKeys.class);

  private static final int MOST_VERIFIED = 10_000;

  private final String issuer;
  private final Supplier<CompletableFuture<List<JsonWebKey>>> source;
  private final Duration leastPeriod;
  private final LongSupplier nanos;
  private volatile Current current = new Current(List.of());
  private volatile int failures;

  // Guarded by this.
  private @Nullable CompletableFuture<Void> fetching;
  private long begunAt;

  /// @param source fetches them; its failure's message says where and why
  IssuerKeys(
      String issuer,
      Supplier<CompletableFuture<List<JsonWebKey>>> source,
      Duration leastPeriod,
      LongSupplier nanos) {
    this.issuer = issuer;
    this.source = source;
    this.leastPeriod = leastPeriod;
    this.nanos = nanos;
    this.begunAt = nanos.getAsLong() - leastPeriod.toNanos();
  }

  /// Keys, and the tokens that were verified by them: other keys come with none.
  ///
  /// @param all none until they have been fetched once
  record Current(List<JsonWebKey> all, VerifiedTokens verified) {
    private Current(List<JsonWebKey> all) {
      this(all, new VerifiedTokens(MOST_VERIFIED));
    }
  }

  Current current() {
    return current;
  }

  /// How many fetches have failed since one did not.
  int failures() {
    return failures;
  }

  /// Fetches them, or waits for the fetch that is at work.
  ///
  /// @return completed, never failed
  synchronized CompletableFuture<Void> fetch() {
    @Nullable CompletableFuture<Void> running = fetching;
    if (running != null) {
      return running;
    }
    CompletableFuture<Void> done = new CompletableFuture<>();
    fetching = done;
    begunAt = nanos.getAsLong();
    CompletableFuture<List<JsonWebKey>> _ =
        started().whenComplete((fetched, failure) -> ended(done, fetched, failure));
    return done;
  }

  /// As [#fetch], where it is time; empty where the last one is too near.
  synchronized Optional<CompletableFuture<Void>> fetchIfDue() {
    return fetching != null || nanos.getAsLong() - begunAt >= leastPeriod.toNanos()
        ? Optional.of(fetch())
        : Optional.empty();
  }

  private CompletableFuture<List<JsonWebKey>> started() {
    try {
      return source.get();
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private void ended(
      CompletableFuture<Void> done,
      @Nullable List<JsonWebKey> fetched,
      @Nullable Throwable failure) {
    try {
      List<JsonWebKey> usable = fetched == null ? List.of() : JwtVerifier.usable(fetched);
      if (!usable.isEmpty()) {
        take(usable);
      } else {
        complain(
            failure == null
                ? "none of them is a key of RSA (2048 bits or more) or ECDSA for signatures"
                : why(failure));
      }
    } finally {
      // Whatever happened, or nobody would ever fetch again.
      synchronized (this) {
        fetching = null;
      }
      done.complete(null);
    }
  }

  private void take(List<JsonWebKey> usable) {
    boolean others = !words(usable).equals(words(current.all()));
    if (others || failures > 0) {
      LOG.infof("The issuer %s has %d keys by which its tokens are taken", issuer, usable.size());
    }
    if (others) {
      current = new Current(usable);
    }
    failures = 0;
  }

  private void complain(String why) {
    failures++;
    if (failures == 1) {
      LOG.warnf(
          "The keys of the issuer %s could not be fetched: %s; %s",
          issuer,
          why,
          current.all().isEmpty()
              ? "its tokens are not taken, and the server is not ready, until they are"
              : "those that were fetched before stay");
    }
  }

  private static Set<String> words(List<JsonWebKey> keys) {
    return keys.stream().map(JsonWebKey::toJson).collect(Collectors.toSet());
  }

  private static String why(Throwable failure) {
    Throwable cause = RootCause.of(failure);
    @Nullable String message = cause.getMessage();
    return message == null ? cause.getClass().getSimpleName() : message;
  }
}
