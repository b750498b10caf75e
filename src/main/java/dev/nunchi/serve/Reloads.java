package dev.nunchi.serve;

import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/// Looks at files every `nunchi.reload-period` and tells who reads them when they have changed, on
/// a thread of its own.
@Singleton
final class Reloads {
  private static final Logger LOG = Logger.getLogger(Reloads.class);

  private final ServeConfig config;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("nunchi-reload").factory());

  Reloads(ServeConfig config) {
    this.config = config;
  }

  /// Has `reload` run after each change of the files, from now on.
  void watch(List<Path> files, Runnable reload) {
    WatchedFiles watched = new WatchedFiles(files);
    repeat(() -> {
      if (watched.changed()) {
        reload.run();
      }
    });
  }

  /// Has `look` run after each period, from now on.
  void repeat(Runnable look) {
    long period = config.reloadPeriod().toMillis();
    Future<?> _ =
        clock.scheduleWithFixedDelay(() -> run(look), period, period, TimeUnit.MILLISECONDS);
  }

  private static void run(Runnable look) {
    try {
      look.run();
    } catch (RuntimeException e) {
      // The clock would never call again.
      LOG.error("A changed file could not be reloaded", e);
    }
  }

  @PreDestroy
  void stop() {
    clock.shutdownNow();
  }
}
