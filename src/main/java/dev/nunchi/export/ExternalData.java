package dev.nunchi.export;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The file of a graph's weights. Places are given out first, as the graph has to name them; then
/// the data is written through a buffer of a few megabytes, however large the weights are.
final class ExternalData {
  /// Readers map the file: a large tensor begins at a page, a small one at a cache line.
  private static final long PAGE_BYTES = 4096;

  private static final long LINE_BYTES = 64;
  private static final long LARGE_BYTES = 1 << 20;

  private final List<ExternalTensor> tensors = new ArrayList<>();
  private long end;

  /// Gives a tensor its place in the file.
  void add(String name, TensorContent content) {
    long alignment = content.bytes() >= LARGE_BYTES ? PAGE_BYTES : LINE_BYTES;
    long offset = Math.ceilDiv(end, alignment) * alignment;
    end = offset + content.bytes();
    tensors.add(new ExternalTensor(name, content, offset));
  }

  List<ExternalTensor> tensors() {
    return tensors;
  }

  /// Writes a new file.
  ///
  /// @return its SHA-256
  String write(Path file) throws IOException {
    try (HashedFile out = HashedFile.create(file)) {
      for (ExternalTensor tensor : tensors) {
        out.fill(tensor.offset());
        tensor.content().write(out);
      }
      return out.finish();
    }
  }
}
