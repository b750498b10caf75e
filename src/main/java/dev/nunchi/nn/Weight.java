package dev.nunchi.nn;

import java.lang.foreign.MemorySegment;
import java.util.List;

/// A stored weight: its type, shape and little-endian row-major bytes.
///
/// @param data a view that its owner keeps alive, for example of a mapped file; read only
public record Weight(ElementType type, List<Integer> shape, MemorySegment data) {
  public Weight {
    long expected = type.bytes();
    for (int size : shape) {
      expected = Math.multiplyExact(expected, (long) size);
    }
    if (data.byteSize() != expected) {
      throw new IllegalArgumentException(
          "A weight %s %s takes %d bytes, not %d"
              .formatted(type, shape, expected, data.byteSize()));
    }
  }

  /// Lets go of the pages of a mapped file that were read, so that they count no longer as this
  /// process's memory; whoever reads on gets them from the file again.
  public void unload() {
    if (data.isMapped()) {
      data.unload();
    }
  }
}
