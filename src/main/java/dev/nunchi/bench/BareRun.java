package dev.nunchi.bench;

import dev.nunchi.infer.Backend;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;

/// The model alone, without a server: what one session of ONNX Runtime does with the same texts.
///
/// @param encodings of the texts, tokenized before; in the order of the load
public record BareRun(
    Backend backend, int padTokenId, List<Encoding> encodings, Duration warmUp, Duration duration) {
  private static final int DIGITS = 3;
  private static final int SEED = 1;

  /// What one size of batch gives.
  ///
  /// @param texts that were run
  /// @param cpu this process's time on processors
  /// @param latencies of each run, in nanoseconds
  public record Result(
      int batchSize, long texts, Duration elapsed, Duration cpu, Histogram latencies) {
    public double textsPerCpuSecond() {
      return texts / LoadResult.seconds(cpu);
    }

    public double textsPerSecond() {
      return texts / LoadResult.seconds(elapsed);
    }
  }

  /// Runs batches of near-equal lengths, as they give most; one text at a time in the load's order.
  /// The batches come in no order of length, so that what is run before time is up is like all.
  public Result run(int batchSize) {
    List<PaddedBatch> batches = batches(batchSize);
    loop(batches, warmUp, new Histogram(DIGITS));
    Histogram latencies = new Histogram(DIGITS);
    Duration before = cpu();
    long start = System.nanoTime();
    long texts = loop(batches, duration, latencies);
    return new Result(
        batchSize,
        texts,
        Duration.ofNanos(System.nanoTime() - start),
        cpu().minus(before),
        latencies);
  }

  private long loop(List<PaddedBatch> batches, Duration time, Histogram latencies) {
    long end = System.nanoTime() + time.toNanos();
    long texts = 0;
    for (int i = 0; System.nanoTime() < end; i = (i + 1) % batches.size()) {
      PaddedBatch batch = batches.get(i);
      long start = System.nanoTime();
      backend.logits(batch);
      latencies.recordValue(System.nanoTime() - start);
      texts += batch.batch();
    }
    return texts;
  }

  private List<PaddedBatch> batches(int size) {
    List<Encoding> ordered = new ArrayList<>(encodings);
    if (size > 1) {
      ordered.sort(Comparator.comparingInt(Encoding::length));
    }
    List<PaddedBatch> batches =
        IntStream.iterate(0, from -> from < ordered.size(), from -> from + size)
            .mapToObj(from ->
                PaddedBatch.of(
                    ordered.subList(from, Math.min(from + size, ordered.size())), padTokenId))
            .collect(Collectors.toCollection(ArrayList::new));
    if (size > 1) {
      Collections.shuffle(batches, new Random(SEED));
    }
    return batches;
  }

  private static Duration cpu() {
    return Duration.ofNanos(
        ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
            .getProcessCpuTime());
  }
}
