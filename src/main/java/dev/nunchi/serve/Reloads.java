package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Looks at files every `nunchi.reload-period` and tells who reads them when they have changed.
///
/// What concerns models has a thread of its own beside that of small files: opening a model, and
/// waiting for what an old one accepted, may take minutes, in which a token that was revoked would
/// stay good.
@Singleton
final class Reloads {
  private static final Logger LOG = Logger.getLogger(Reloads.class);

  private final ServeConfig config;
  private final ScheduledExecutorService files = clock("nunchi-reload");
  private final ScheduledExecutorService models = clock("nunchi-models");

  Reloads(ServeConfig config) {
    this.config = config;
  }

  private static ScheduledExecutorService clock(String thread) {
    return Executors.newSingleThreadScheduledExecutor(
        Thread.ofPlatform().daemon().name(thread).factory());
  }

  /// Has `reload` run after each change of the files, from now on, and again after each period as
  /// long as it fails: a file may be unreadable for a moment.
  ///
  /// @param reload throws a [NunchiException] where what the files hold cannot be used, which is
  ///   logged once
  /// @param otherwise what is in use then, for the log
  void watch(List<Path> files, Runnable reload, String otherwise) {
    WatchedFiles watched = new WatchedFiles(files);
    AtomicReference<@Nullable String> complaint = new AtomicReference<>();
    repeat(() -> {
      @Nullable String before = complaint.get();
      if (watched.changed() || before != null) {
        @Nullable String now = complaint(reload);
        if (now != null && !now.equals(before)) {
          LOG.errorf("%s; %s", now, otherwise);
        }
        complaint.set(now);
      }
    });
  }

  /// Why it failed; null where it did not.
  private static @Nullable String complaint(Runnable reload) {
    try {
      reload.run();
      return null;
    } catch (NunchiException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /// What `work` gives on the thread of [#repeatOfModels].
  <T> CompletableFuture<T> run(Supplier<T> work) {
    return CompletableFuture.supplyAsync(work, models);
  }

  /// Has `look`, which is soon done, run after each period, from now on.
  void repeat(Runnable look) {
    repeat(look, files);
  }

  /// The same for what opens models or closes them, which is done one after the other.
  void repeatOfModels(Runnable look) {
    repeat(look, models);
  }

  private void repeat(Runnable look, ScheduledExecutorService clock) {
    long period = config.reloadPeriod().toMillis();
    Future<?> _ =
        clock.scheduleWithFixedDelay(() -> run(look), period, period, TimeUnit.MILLISECONDS);
  }

  @SuppressWarnings("CatchThrowable") // The clock would never call again.
  private static void run(Runnable look) {
    try {
      look.run();
    } catch (Throwable e) {
      LOG.error("A changed file could not be reloaded", e);
    }
  }

  @PreDestroy
  void stop() {
    files.shutdownNow();
    models.shutdownNow();
  }
}
