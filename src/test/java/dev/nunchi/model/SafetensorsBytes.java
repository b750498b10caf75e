package dev.nunchi.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// Writes safetensors files by hand, right and wrong ones.
final class SafetensorsBytes {
  private SafetensorsBytes() {}

  static Path write(Path file, String header, byte[] data) throws IOException {
    byte[] utf8 = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + utf8.length + data.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(utf8.length)
            .put(utf8)
            .put(data);
    return Files.write(file, bytes.array());
  }
}
