package dev.nunchi.infer;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.GraphTensors;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.NgramNumbers;
import dev.nunchi.nn.NgramTable;
import dev.nunchi.nn.Ngrams;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.Syllable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/// A model of n-grams in int8 ([NgramTable]), computed from the weights of its graph without ONNX
/// Runtime, which has the same bits and spends most of its time on the hundred operators that
/// number the n-grams (docs/experiments.md, 2026-11-27).
///
/// A text's whole numbers are added up exactly, and the few of float that follow are single
/// operations of IEEE 754. Safe for several threads; [#close] waits for the calls in flight.
final class NgramBag implements Backend {
  private static final int[] NOTHING = {};

  private final Path graph;
  private final Arena arena;
  private final Ngrams ngrams;
  private final Optional<Ngrams> openNgrams;
  private final int firstSyllableId;
  private final MemorySegment table;
  private final float[] steps;
  private final float[] bias;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private boolean closed;

  /// @param table `[buckets, labels]`
  /// @param steps what a whole number stands for, of each label
  private NgramBag(
      Path graph,
      Arena arena,
      NgramNumbers numbers,
      MemorySegment table,
      float[] steps,
      float[] bias) {
    this.graph = graph;
    this.arena = arena;
    this.ngrams = numbers.ngrams();
    this.openNgrams = numbers.openNgrams();
    this.firstSyllableId = numbers.firstSyllableId();
    this.table = table;
    this.steps = steps;
    this.bias = bias;
  }

  /// Maps the weights of a directory's graph.
  ///
  /// @param copy of the graph, with the files of its weights beside it; may be the graph itself
  /// @return empty where it has not the weights of such a model in int8 by the names of our export
  /// @throws NunchiException `IO_FAILURE` where a file cannot be read
  static Optional<NgramBag> open(ModelDirectory directory, Path copy) {
    Network network = directory.network();
    if (!(network.trunk() instanceof NgramNumbers numbers)
        || !(network.head() instanceof NgramTable head)) {
      return Optional.empty();
    }
    Arena arena = Arena.ofShared();
    try {
      Optional<NgramBag> bag =
          GraphTensors.map(copy, arena)
              .flatMap(tensors -> of(directory.graph(), arena, numbers, head, tensors));
      if (bag.isEmpty()) {
        arena.close();
      }
      return bag;
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private static Optional<NgramBag> of(
      Path graph, Arena arena, NgramNumbers numbers, NgramTable head, GraphTensors tensors) {
    Optional<MemorySegment> table =
        tensors.bytes(head.outputWeight() + ".int8", head.buckets(), head.labels());
    Optional<float[]> steps = tensors.floats(head.outputWeight() + ".steps", head.labels());
    Optional<float[]> bias = head.outputBias().flatMap(name -> tensors.floats(name, head.labels()));
    return table.isPresent()
            && steps.isPresent()
            && bias.isPresent()
            && isPadding(table.get(), head)
        ? Optional.of(new NgramBag(graph, arena, numbers, table.get(), steps.get(), bias.get()))
        : Optional.empty();
  }

  /// Whether the row of no n-gram adds nothing.
  private static boolean isPadding(MemorySegment table, NgramTable head) {
    return table.asSlice(0, head.labels()).mismatch(MemorySegment.ofArray(new byte[head.labels()]))
        == -1;
  }

  @Override
  public float[][] logits(PaddedBatch batch) {
    float[][] logits = new float[batch.batch()][];
    for (int row = 0; row < logits.length; row++) {
      int from = row * batch.seq();
      int to = from;
      while (to < from + batch.seq() && batch.attentionMask()[to] == 1) {
        to++;
      }
      logits[row] =
          logits(Arrays.stream(batch.inputIds(), from, to).mapToInt(Math::toIntExact).toArray());
    }
    return logits;
  }

  @Override
  public float[][] logits(List<Encoding> texts, int padTokenId) {
    float[][] logits = new float[texts.size()][];
    for (int row = 0; row < logits.length; row++) {
      logits[row] = logits(texts.get(row).inputIds());
    }
    return logits;
  }

  private float[] logits(int[] ids) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new NunchiException(Reason.UNAVAILABLE, "The model " + graph + " is closed");
      }
      int[] plain = ngrams.numbers(ids);
      int[] open = openNgrams.map(views -> views.numbers(openSyllables(ids))).orElse(NOTHING);
      float root = (float) Math.sqrt(Math.max(1f, plain.length + open.length));
      float[] logits = new float[bias.length];
      for (int label = 0; label < logits.length; label++) {
        int sum = sum(plain, label) + sum(open, label);
        logits[label] = sum * steps[label] / root + bias[label];
      }
      return logits;
    } finally {
      lock.readLock().unlock();
    }
  }

  private int sum(int[] rows, int label) {
    long labels = bias.length;
    int sum = 0;
    for (int row : rows) {
      sum += table.get(ValueLayout.JAVA_BYTE, row * labels + label);
    }
    return sum;
  }

  private int[] openSyllables(int[] ids) {
    int[] open = ids.clone();
    for (int i = 0; i < open.length; i++) {
      int syllable = open[i] - firstSyllableId;
      if (syllable >= 0 && syllable < Syllable.COUNT) {
        open[i] -= syllable % Syllable.FORMS;
      }
    }
    return open;
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        arena.close();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}
