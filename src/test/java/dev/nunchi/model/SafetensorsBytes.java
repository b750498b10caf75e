package dev.nunchi.model;

import dev.nunchi.nn.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/// Writes safetensors files by hand, right and wrong ones.
public final class SafetensorsBytes {
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

  /// Leaves those of a file's tensors that are wanted.
  public static void keep(Path file, Predicate<String> wanted) throws IOException {
    Path kept = file.resolveSibling("kept.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      Map<String, Weight> tensors = new LinkedHashMap<>(SafetensorsFile.map(file, arena));
      tensors.keySet().removeIf(wanted.negate());
      SafetensorsWriter.write(kept, tensors);
    }
    Files.move(kept, file, StandardCopyOption.REPLACE_EXISTING);
  }
}
