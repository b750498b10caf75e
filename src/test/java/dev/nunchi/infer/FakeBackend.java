package dev.nunchi.infer;

import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.Span;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/// A backend whose logits are the first id of a text and its negative, and which can be made to
/// wait and to fail.
final class FakeBackend implements Backend {
  /// Batches that were run, each as its sequence lengths before padding.
  final List<List<Integer>> batches = Collections.synchronizedList(new ArrayList<>());

  /// A permit for each call that may end; calls wait for theirs.
  final Semaphore permits;

  /// Calls that began.
  final Semaphore begun = new Semaphore(0);

  volatile @Nullable RuntimeException failure;
  volatile boolean closed;

  FakeBackend(int permits) {
    this.permits = new Semaphore(permits);
  }

  /// One that never waits.
  static FakeBackend open() {
    return new FakeBackend(Integer.MAX_VALUE / 2);
  }

  /// An encoding of that many tokens, each of that id.
  static Encoding encoding(int id, int length) {
    int[] ids = new int[length];
    Arrays.fill(ids, id);
    return new Encoding(
        ids, new int[length], Collections.nCopies(length, Span.NONE), length, 0, false);
  }

  /// What a run reads: that encoding.
  static RunInput input(int id, int length) {
    return new Known(encoding(id, length), true);
  }

  /// One that might take long to encode.
  static RunInput heavy(int id, int length) {
    return new Known(encoding(id, length), false);
  }

  private record Known(Encoding encoding, boolean isLight) implements RunInput {
    @Override
    public int tokens(TokenEstimate estimate) {
      return encoding.length();
    }

    @Override
    public boolean isEncoded() {
      return true;
    }

    @Override
    public void teach(TokenEstimate estimate) {}
  }

  @Override
  public float[][] logits(PaddedBatch batch) {
    begun.release();
    permits.acquireUninterruptibly();
    RuntimeException thrown = failure;
    if (thrown != null) {
      throw thrown;
    }
    float[][] logits = new float[batch.batch()][];
    List<Integer> lengths = new ArrayList<>();
    for (int row = 0; row < logits.length; row++) {
      float id = batch.inputIds()[row * batch.seq()];
      logits[row] = new float[] {id, -id};
      int length = 0;
      for (int i = 0; i < batch.seq(); i++) {
        length += (int) batch.attentionMask()[row * batch.seq() + i];
      }
      lengths.add(length);
    }
    batches.add(lengths);
    return logits;
  }

  @Override
  public void close() {
    closed = true;
  }
}
