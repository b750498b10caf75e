package dev.nunchi.serve;

import dev.nunchi.infer.Futures;
import dev.nunchi.serve.JwtVerifier.Busy;
import dev.nunchi.serve.JwtVerifier.NoKeys;
import dev.nunchi.serve.JwtVerifier.Taken;
import dev.nunchi.serve.JwtVerifier.UnknownKey;
import dev.nunchi.serve.JwtVerifier.Verdict;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.impl.VertxInternal;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Takes the tokens of an identity provider, where `nunchi.oidc.issuer` names one.
///
/// The keys are fetched at the start, without which the server is not ready, and then every
/// `nunchi.oidc.keys-period`; a token that names an unknown key has them fetched sooner, and waits
/// for that. Verified tokens are remembered until they expire or the keys change, so a caller's
/// token costs a digest.
///
/// To verify one takes a tenth of a millisecond to some, by its algorithm, which is too long for an
/// event loop; one thread does it, so that tokens that are none cannot have the whole machine, and
/// a bounded number waits for it.
///
/// Nothing of the library for that is loaded where there is no issuer.
@Singleton
final class Oidc {
  private static final int MOST_WAITING = 256;
  private static final Duration FIRST_RETRY = Duration.ofSeconds(1);

  private final @Nullable Issuer issuer;
  private final List<Runnable> whenReady = new ArrayList<>();
  private volatile boolean ready;
  private volatile boolean stopped;

  /// @param context that keys are fetched in, and their timers run in: no call's, which would be
  ///   kept for as long
  /// @param waiting tokens that wait for keys to be fetched
  private record Issuer(
      Context context,
      OidcSettings settings,
      JwtVerifier verifier,
      IssuerKeys keys,
      Executor worker,
      AtomicInteger waiting) {
    static Issuer of(Vertx vertx, OidcSettings settings) {
      settings
          .authorities()
          .ifPresent(file -> TlsFiles.certificates("authority of the identity provider", file));
      Context context = ((VertxInternal) vertx).createEventLoopContext();
      IssuerClient client = new IssuerClient(vertx, settings);
      return new Issuer(
          context,
          settings,
          new JwtVerifier(settings),
          new IssuerKeys(
              settings.issuer().toString(),
              () -> on(context, client::keys),
              settings.leastPeriod(),
              System::nanoTime),
          new ThreadPoolExecutor(
              1,
              1,
              0,
              TimeUnit.SECONDS,
              new ArrayBlockingQueue<>(MOST_WAITING),
              Thread.ofPlatform().daemon().name("nunchi-oidc").factory()),
          new AtomicInteger());
    }

    private static <T> CompletableFuture<T> on(
        Context context, Supplier<CompletableFuture<T>> action) {
      CompletableFuture<T> result = new CompletableFuture<>();
      context.runOnContext(_ ->
          action
              .get()
              .whenComplete((value, failure) -> {
                if (failure == null) {
                  result.complete(value);
                } else {
                  result.completeExceptionally(failure);
                }
              }));
      return result;
    }
  }

  @Inject
  Oidc(Vertx vertx, ServeConfig config) {
    this(config.oidc().map(settings -> Issuer.of(vertx, settings)).orElse(null));
  }

  private Oidc(@Nullable Issuer issuer) {
    this.issuer = issuer;
    this.ready = issuer == null;
  }

  /// Without a provider.
  static Oidc off() {
    return new Oidc(null);
  }

  void start(@Observes StartupEvent event) {
    if (issuer != null) {
      fetch(issuer);
    }
  }

  void stop(@Observes ShutdownEvent event) {
    stopped = true;
  }

  boolean isOn() {
    return issuer != null;
  }

  /// Whether one of the provider's callers may do what administrators may.
  boolean knowsAdmins() {
    return issuer != null && issuer.settings().adminRole().isPresent();
  }

  /// Whether the provider's tokens can be verified: no until its keys were there once.
  boolean isReady() {
    return ready;
  }

  /// Has this run when it is ready, at once where it is.
  void whenReady(Runnable action) {
    synchronized (whenReady) {
      if (!ready) {
        whenReady.add(action);
        return;
      }
    }
    action.run();
  }

  /// What comes of a token: at once where it has been verified before.
  CompletableFuture<Verdict> verify(String token) {
    @Nullable Issuer known = issuer;
    if (known == null) {
      throw new IllegalStateException("There is no issuer");
    }
    byte[] digest = BearerTokens.digest(token);
    Optional<Taken> before =
        known
            .keys()
            .current()
            .verified()
            .find(digest, TimeUnit.MILLISECONDS.toSeconds(System.currentTimeMillis()));
    if (before.isPresent()) {
      return CompletableFuture.completedFuture(before.get());
    }
    return Futures.compose(
        verified(known, token, digest),
        verdict ->
            verdict instanceof UnknownKey
                ? afterFetch(known, token, digest, verdict)
                : CompletableFuture.completedFuture(verdict));
  }

  /// With the keys that are fetched now, where it is time for that.
  private static CompletableFuture<Verdict> afterFetch(
      Issuer issuer, String token, byte[] digest, Verdict otherwise) {
    if (issuer.waiting().incrementAndGet() > MOST_WAITING) {
      issuer.waiting().decrementAndGet();
      return CompletableFuture.completedFuture(new Busy());
    }
    CompletableFuture<Verdict> result =
        issuer
            .keys()
            .fetchIfDue()
            .map(fetched -> Futures.compose(fetched, _ -> verified(issuer, token, digest)))
            .orElseGet(() -> CompletableFuture.completedFuture(otherwise));
    CompletableFuture<?> _ = result.whenComplete((_, _) -> issuer.waiting().decrementAndGet());
    return result;
  }

  /// On the thread for that.
  private static CompletableFuture<Verdict> verified(Issuer issuer, String token, byte[] digest) {
    try {
      return CompletableFuture.supplyAsync(() -> verdict(issuer, token, digest), issuer.worker());
    } catch (RejectedExecutionException e) {
      return CompletableFuture.completedFuture(new Busy());
    }
  }

  private static Verdict verdict(Issuer issuer, String token, byte[] digest) {
    IssuerKeys.Current keys = issuer.keys().current();
    if (keys.all().isEmpty()) {
      return new NoKeys();
    }
    Verdict verdict = issuer.verifier().verify(token, keys.all());
    if (verdict instanceof Taken taken) {
      keys.verified().add(digest, taken);
    }
    return verdict;
  }

  /// Fetches the keys now, and again after each period; sooner where it fails.
  private void fetch(Issuer from) {
    CompletableFuture<Void> _ =
        from.keys()
            .fetch()
            .thenRun(() -> {
              if (!stopped) {
                long delay = delay(from.keys().failures(), from.settings()).toMillis();
                from.context()
                    .runOnContext(
                        _ -> from.context().owner().setTimer(Math.max(1, delay), _ -> fetch(from)));
              }
              if (!from.keys().current().all().isEmpty()) {
                becomeReady();
              }
            });
  }

  private static Duration delay(int failures, OidcSettings how) {
    if (failures == 0) {
      return how.keysPeriod();
    }
    return FIRST_RETRY.compareTo(how.leastPeriod()) < 0 && failures < 10
        ? FIRST_RETRY
        : how.leastPeriod();
  }

  private void becomeReady() {
    List<Runnable> actions;
    synchronized (whenReady) {
      ready = true;
      actions = List.copyOf(whenReady);
      whenReady.clear();
    }
    actions.forEach(Runnable::run);
  }
}
