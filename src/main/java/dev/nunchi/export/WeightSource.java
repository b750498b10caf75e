package dev.nunchi.export;

import dev.nunchi.model.FloatWeights;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A weight of the checkpoint that is read when it is written, and only for so long: what is
/// computed of it, as an adapter that is merged into it, is freed after, and what was read of a
/// mapped file is let go.
record WeightSource(Weights weights, String name) {
  /// Bytes of a mapped file that are in memory at one time where a weight is read in its order.
  private static final long PIECE_BYTES = 1 << 26;

  /// Numbers that are read in one go.
  private static final int MOST_NUMBERS = 1 << 16;

  /// Takes a weight, which is gone when it returns.
  interface Use {
    void of(Weight weight) throws IOException;
  }

  /// Takes numbers of a weight that follow each other.
  interface Numbers {
    /// @param numbers of which the first `count` are meant
    void take(float[] numbers, int count) throws IOException;
  }

  List<Integer> shape() {
    return weights.shape(name);
  }

  long size() {
    return shape().stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
  }

  /// The size of the last axis.
  int width() {
    return shape().getLast();
  }

  void use(Use use) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      Weight weight = weights.get(name, arena);
      use.of(weight);
      weight.unload();
    }
  }

  /// The bytes as they are stored, in pieces.
  void bytes(Use use) throws IOException {
    use(weight -> {
      MemorySegment data = weight.data();
      for (long from = 0; from < data.byteSize(); from += PIECE_BYTES) {
        long count = Math.min(PIECE_BYTES, data.byteSize() - from);
        Weight piece =
            new Weight(
                weight.type(),
                List.of(Math.toIntExact(count / weight.type().bytes())),
                data.asSlice(from, count));
        use.of(piece);
        piece.unload();
      }
    });
  }

  /// All numbers in their order, in pieces of whole multiples of `unit` but for the end.
  ///
  /// @param unit at most a row
  void numbers(int unit, Numbers numbers) throws IOException {
    int most = Math.max(unit, MOST_NUMBERS / unit * unit);
    float[] some = new float[most];
    use(weight -> {
      long size = size();
      long unloaded = 0;
      for (long from = 0; from < size; from += most) {
        int count = (int) Math.min(most, size - from);
        FloatWeights.copy(weight, from, some, count);
        numbers.take(some, count);
        long read = (from + count) * weight.type().bytes();
        if (read - unloaded >= PIECE_BYTES) {
          MemorySegment done = weight.data().asSlice(unloaded, read - unloaded);
          if (done.isMapped()) {
            done.unload();
          }
          unloaded = read;
        }
      }
    });
  }
}
