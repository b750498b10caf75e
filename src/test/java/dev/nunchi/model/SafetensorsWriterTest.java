package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  private static final Map<String, Weight> WEIGHTS =
      Map.of(
          "short", weight(ElementType.BF16, List.of(3), 1),
          "b", weight(ElementType.F32, List.of(2, 1), 2),
          "a", weight(ElementType.F32, List.of(2), 3),
          "long", weight(ElementType.I64, List.of(), 4));

  @TempDir Path directory;

  @Test
  void write_severalTypes_readsBackTheSame() throws IOException {
    Path file = directory.resolve("x.safetensors");
    String digest = SafetensorsWriter.write(file, WEIGHTS);
    assertEquals(Digests.sha256(file), digest);
    try (Arena arena = Arena.ofConfined()) {
      Map<String, Weight> read = SafetensorsFile.map(file, arena);
      assertEquals(List.of("long", "a", "b", "short"), List.copyOf(read.keySet()));
      read.forEach((name, weight) -> {
        Weight written = Objects.requireNonNull(WEIGHTS.get(name));
        assertEquals(written.type(), weight.type());
        assertEquals(written.shape(), weight.shape());
        assertArrayEquals(bytes(written), bytes(weight));
      });
    }
  }

  @Test
  void write_anyHeader_isPaddedToEightBytesAndNamesTheFormat() throws IOException {
    Path file = directory.resolve("x.safetensors");
    SafetensorsWriter.write(file, WEIGHTS);
    byte[] bytes = Files.readAllBytes(file);
    long length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    String header = new String(bytes, 8, (int) length, StandardCharsets.UTF_8);
    assertEquals(0, length % 8);
    assertTrue(header.startsWith("{\"__metadata__\":{\"format\":\"pt\"},"), header);
  }

  @Test
  void write_existingFile_isNotTouched() throws IOException {
    Path file = Files.writeString(directory.resolve("x.safetensors"), "kept");
    assertThrows(FileAlreadyExistsException.class, () -> SafetensorsWriter.write(file, WEIGHTS));
    assertEquals("kept", Files.readString(file));
  }

  private static Weight weight(ElementType type, List<Integer> shape, int fill) {
    int elements = shape.stream().reduce(1, Math::multiplyExact);
    byte[] data = new byte[elements * type.bytes()];
    Arrays.fill(data, (byte) fill);
    MemorySegment segment = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_BYTE, data).asReadOnly();
    return new Weight(type, shape, segment);
  }

  private static byte[] bytes(Weight weight) {
    return weight.data().toArray(ValueLayout.JAVA_BYTE);
  }
}
