package dev.nunchi.train;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.torch.Loss;
import dev.nunchi.torch.Targets;
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
/// A step has the same number of batches each time, but for the last of an epoch, which has those
/// that are left: no step reaches into the next epoch. The same texts, seed and position give the
/// same batches.
final class BatchQueue implements AutoCloseable {
  /// Where a run stands in its data: the next batch is number `batch` of `epoch`, both from 0.
  record Position(int epoch, int batch) {
    static final Position START = new Position(0, 0);
  }

  /// A batch of a step.
  ///
  /// @param weight of its texts in the loss
  /// @param share of that weight in the whole step's
  /// @param endsStep whether it is the step's last
  /// @param next the position after this batch
  record Prepared(
      PaddedBatch batch,
      Targets targets,
      double weight,
      double share,
      boolean endsStep,
      Position next) {}

  private static final int AHEAD = 4;

  private final EncodedTexts texts;
  private final TextNoise noise;
  private final LengthBuckets buckets;
  private final WordDropout wordDropout;
  private final Loss loss;
  private final int batchesOfStep;
  private final long seed;
  private final int padTokenId;
  private final ExecutorService preparer =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("batches").factory());
  private final Deque<Future<Prepared>> ahead = new ArrayDeque<>();

  // Of the preparing thread.
  private Position position;
  private Map<Integer, Encoding> noised;
  private List<int[]> epoch;
  private int stepEnd;
  private double stepWeight;

  /// @param batchesOfStep most batches of a step
  BatchQueue(
      EncodedTexts texts,
      TextNoise noise,
      LengthBuckets buckets,
      WordDropout wordDropout,
      Loss loss,
      int batchesOfStep,
      long seed,
      int padTokenId,
      Position start) {
    this.texts = texts;
    this.noise = noise;
    this.buckets = buckets;
    this.wordDropout = wordDropout;
    this.loss = loss;
    this.batchesOfStep = batchesOfStep;
    this.seed = seed;
    this.padTokenId = padTokenId;
    this.position = start;
    this.noised = noise.epoch(start.epoch());
    this.epoch = buckets.with(noised).epoch(seed, start.epoch());
    requireBatch(start);
    beginStep();
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

  private void requireBatch(Position start) {
    if (start.batch() >= epoch.size()) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "trainer_state.json: batches_of_epoch is %d, but an epoch of these texts has %d"
              .formatted(start.batch(), epoch.size()));
    }
  }

  /// Weighs the batches of the step that begins here, of which none is prepared for that.
  private void beginStep() {
    int first = position.batch();
    stepEnd = Math.min(first - first % batchesOfStep + batchesOfStep, epoch.size());
    stepWeight = 0;
    for (int[] rows : epoch.subList(first, stepEnd)) {
      stepWeight += loss.weight(texts.targets().of(rows));
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
    PaddedBatch batch = PaddedBatch.of(encodings, padTokenId);
    Targets targets = texts.targets().of(rows);
    double weight = loss.weight(targets);
    double share = weight / stepWeight;
    boolean endsStep = position.batch() + 1 == stepEnd;
    if (position.batch() + 1 < epoch.size()) {
      position = new Position(number, position.batch() + 1);
    } else {
      position = new Position(number + 1, 0);
      noised = noise.epoch(number + 1);
      epoch = buckets.with(noised).epoch(seed, number + 1);
    }
    if (endsStep) {
      beginStep();
    }
    return new Prepared(batch, targets, weight, share, endsStep, position);
  }

  @Override
  public void close() {
    preparer.shutdownNow();
  }
}
