package dev.nunchi.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.Sha256;
import dev.nunchi.nn.Weight;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/// Writes tensors as one safetensors file, laid out as Hugging Face's writer does it: wider types
/// first, then by name, the header padded with spaces so that the data starts at a multiple of 8.
final class SafetensorsWriter {
  private static final long CHUNK_BYTES = 1 << 26;

  private SafetensorsWriter() {}

  /// Writes a new file; it is not moved into place from beside, which the caller does.
  ///
  /// @return its SHA-256, as [Digests#sha256(Path)] would read it
  static String write(Path file, Map<String, Weight> weights) throws IOException {
    List<Map.Entry<String, Weight>> order =
        weights.entrySet().stream()
            .sorted(
                Comparator.comparingInt(
                        (Map.Entry<String, Weight> e) -> -e.getValue().type().bytes())
                    .thenComparing(Map.Entry::getKey))
            .toList();
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
      MessageDigest digest = Sha256.begin();
      byte[] header = header(order);
      ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      writeFully(channel, length.putLong(header.length).flip(), digest);
      writeFully(channel, ByteBuffer.wrap(header), digest);
      for (Map.Entry<String, Weight> entry : order) {
        writeFully(channel, entry.getValue().data(), digest);
      }
      channel.force(true);
      return HexFormat.of().formatHex(digest.digest());
    }
  }

  private static byte[] header(List<Map.Entry<String, Weight>> order) {
    ObjectNode json = Json.object();
    json.putObject("__metadata__").put("format", "pt");
    long position = 0;
    for (Map.Entry<String, Weight> entry : order) {
      Weight weight = entry.getValue();
      ObjectNode tensor = json.putObject(entry.getKey()).put("dtype", weight.type().name());
      weight.shape().forEach(tensor.putArray("shape")::add);
      long end = position + weight.data().byteSize();
      tensor.putArray("data_offsets").add(position).add(end);
      position = end;
    }
    byte[] compact = Json.compact(json);
    byte[] padded = Arrays.copyOf(compact, (compact.length + 7) / 8 * 8);
    Arrays.fill(padded, compact.length, padded.length, (byte) ' ');
    return padded;
  }

  private static void writeFully(FileChannel channel, MemorySegment data, MessageDigest digest)
      throws IOException {
    // A ByteBuffer holds at most 2 GB.
    for (long from = 0; from < data.byteSize(); from += CHUNK_BYTES) {
      long bytes = Math.min(CHUNK_BYTES, data.byteSize() - from);
      writeFully(channel, data.asSlice(from, bytes).asByteBuffer(), digest);
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer buffer, MessageDigest digest)
      throws IOException {
    digest.update(buffer.duplicate());
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }
}
