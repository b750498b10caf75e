package dev.nunchi.infer;

import dev.nunchi.infer.InferenceOptions.Device;
import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// The threads on which models run: those of a device are shared by all its models, so that as many
/// texts, or batches of texts, run at a time as it has workers, however many models there are.
///
/// Whoever has work for them gives it in small pieces, which are done in the order in which they
/// came. Threads come with the work, and go when there has been none for a minute. Safe for several
/// threads.
public final class Workers {
  private static final long IDLE_SECONDS = 60;

  private final OptionalInt count;
  private final Map<Device, Executor> executors = new EnumMap<>(Device.class);

  /// @param count how many a device has, at least 1; empty for one for each core on the CPU and one
  ///   on a GPU
  public Workers(OptionalInt count) {
    if (count.isPresent() && count.getAsInt() < 1) {
      throw new IllegalArgumentException("At least one worker, not " + count.getAsInt());
    }
    this.count = count;
  }

  /// Those of a device, which runs what waits in a queue without a bound.
  ///
  /// @param device the one that computes: never [Device#AUTO]
  public synchronized Executor on(Device device) {
    return executors.computeIfAbsent(device, this::start);
  }

  /// How many a device has.
  public int count(Device device) {
    return count.orElse(
        switch (device) {
          case CUDA -> 1;
          case AUTO, CPU -> Runtime.getRuntime().availableProcessors();
        });
  }

  private Executor start(Device device) {
    int threads = count(device);
    AtomicInteger started = new AtomicInteger();
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            threads,
            threads,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task ->
                Thread.ofPlatform()
                    .name("nunchi-worker-" + started.getAndIncrement())
                    .daemon(true)
                    .unstarted(task));
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }
}
