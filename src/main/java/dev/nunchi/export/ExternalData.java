package dev.nunchi.export;

import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Weight;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/// The file of a graph's weights. Places are given out first, as the graph has to name them; then
/// the data is written through a buffer of a few megabytes, however large the weights are.
final class ExternalData {
  /// Readers map the file: a large tensor begins at a page, a small one at a cache line.
  private static final long PAGE_BYTES = 4096;

  private static final long LINE_BYTES = 64;
  private static final long LARGE_BYTES = 1 << 20;
  private static final int BUFFER_BYTES = 1 << 22;

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
  void write(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      for (ExternalTensor tensor : tensors) {
        // The gap before it reads as zeros.
        channel.position(tensor.offset());
        write(tensor.content(), buffer, channel);
      }
      channel.force(true);
    }
  }

  private static void write(TensorContent content, ByteBuffer buffer, FileChannel channel)
      throws IOException {
    Weight weight = content.weight();
    if (content instanceof TensorContent.Floats
        && !content.transposed()
        && weight.type() == ElementType.F32) {
      for (long from = 0; from < content.bytes(); from += BUFFER_BYTES) {
        long bytes = Math.min(BUFFER_BYTES, content.bytes() - from);
        writeFully(weight.data().asSlice(from, bytes).asByteBuffer(), channel);
      }
      return;
    }
    long columns = content.transposed() ? weight.shape().get(0) : 1;
    long rows = content.bytes() / content.elementBytes() / columns;
    for (long row = 0; row < rows; row++) {
      for (long column = 0; column < columns; column++) {
        if (!buffer.hasRemaining()) {
          writeFully(buffer.flip(), channel);
          buffer.clear();
        }
        content.put(buffer, column * rows + row);
      }
    }
    writeFully(buffer.flip(), channel);
    buffer.clear();
  }

  private static void writeFully(ByteBuffer buffer, FileChannel channel) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }
}
