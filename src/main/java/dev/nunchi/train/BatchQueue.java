package dev.nunchi.train;

import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// The batches of all epochs one after the other, the next ones prepared on a thread of its own
/// while the network learns from this one.
///
/// The same texts, seed and position give the same batches.
final class BatchQueue implements AutoCloseable {
  /// Where a run stands in its data: the next batch is number `batch` of `epoch`, both from 0.
  record Position(int epoch, int batch) {
    static final Position START = new Position(0, 0);
  }

  /// @param next the position after this batch
  record Prepared(PaddedBatch batch, int[][] labels, Position next) {}

  private static final int AHEAD = 4;

  private final EncodedTexts texts;
  private final TextNoise noise;
  private final LengthBuckets buckets;
  private final WordDropout wordDropout;
  private final long seed;
  private final int padTokenId;
  private final ExecutorService preparer =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("batches").factory());
  private final Deque<Future<Prepared>> ahead = new ArrayDeque<>();

  // Of the preparing thread.
  private Position position;
  private Map<Integer, Encoding> noised;
  private List<int[]> epoch;

  BatchQueue(
      EncodedTexts texts,
      TextNoise noise,
      LengthBuckets buckets,
      WordDropout wordDropout,
      long seed,
      int padTokenId,
      Position start) {
    this.texts = texts;
    this.noise = noise;
    this.buckets = buckets;
    this.wordDropout = wordDropout;
    this.seed = seed;
    this.padTokenId = padTokenId;
    this.position = start;
    this.noised = noise.epoch(start.epoch());
    this.epoch = buckets.with(noised).epoch(seed, start.epoch());
    for (int i = 0; i < AHEAD; i++) {
      ahead.add(preparer.submit(this::prepare));
    }
  }

  /// The next batch; waits where it is not prepared yet.
  Prepared next() {
    Future<Prepared> first = ahead.remove();
    ahead.add(preparer.submit(this::prepare));
    try {
      return first.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while waiting for a batch", e);
    } catch (java.util.concurrent.ExecutionException e) {
      throw new IllegalStateException("A batch could not be prepared", e.getCause());
    }
  }

  private Prepared prepare() {
    int number = position.epoch();
    int[] rows = epoch.get(position.batch());
    List<Encoding> encodings = new ArrayList<>(rows.length);
    for (int row : rows) {
      Encoding encoding = noised.getOrDefault(row, texts.encodings().get(row));
      encodings.add(wordDropout.apply(encoding, number, row));
    }
    if (position.batch() + 1 < epoch.size()) {
      position = new Position(number, position.batch() + 1);
    } else {
      position = new Position(number + 1, 0);
      noised = noise.epoch(number + 1);
      epoch = buckets.with(noised).epoch(seed, number + 1);
    }
    return new Prepared(PaddedBatch.of(encodings, padTokenId), texts.labels(rows), position);
  }

  @Override
  public void close() {
    preparer.shutdownNow();
  }
}
