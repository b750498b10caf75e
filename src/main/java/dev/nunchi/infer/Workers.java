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

/// The threads on which models run, and the places before them: those of a device are shared by all
/// its models, so that as many texts, or batches of texts, run at a time as it has workers, and as
/// many wait as there are places, however many models there are.
///
/// Threads come with the work, and go when there has been none for a minute. Safe for several
/// threads.
public final class Workers {
  private static final long IDLE_SECONDS = 60;

  private final OptionalInt count;
  private final int places;
  private final Map<Device, RunQueue> queues = new EnumMap<>(Device.class);

  /// @param count how many a device has, at least 1; empty for one for each core on the CPU and one
  ///   on a GPU
  /// @param places before those of a device: how many texts may wait to be run, at least 1
  public Workers(OptionalInt count, int places) {
    if (count.isPresent() && count.getAsInt() < 1) {
      throw new IllegalArgumentException("At least one worker, not " + count.getAsInt());
    }
    if (places < 1) {
      throw new IllegalArgumentException("At least one place, not " + places);
    }
    this.count = count;
    this.places = places;
  }

  /// The queue before those of a device.
  ///
  /// @param device the one that computes: never [Device#AUTO]
  public synchronized RunQueue on(Device device) {
    return queues.computeIfAbsent(
        device,
        each ->
            new RunQueue(start(count(each)), count(each), places, System::nanoTime, Thread::yield));
  }

  /// How many a device has.
  public int count(Device device) {
    return count.orElse(
        switch (device) {
          case CUDA -> 1;
          case AUTO, CPU -> Runtime.getRuntime().availableProcessors();
        });
  }

  private static Executor start(int threads) {
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
