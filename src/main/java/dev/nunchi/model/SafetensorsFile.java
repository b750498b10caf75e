package dev.nunchi.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.PlainFile;
import dev.nunchi.Reason;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.LittleEndian;
import dev.nunchi.nn.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// One safetensors file, mapped: 8 bytes of header length (little endian), a JSON header `{"name":
/// {"dtype", "shape", "data_offsets": [begin, end]}}`, and the tensors' bytes, which the offsets
/// count from and have to cover without gap or overlap
/// (<https://github.com/huggingface/safetensors>).
final class SafetensorsFile {
  private static final long MAX_HEADER_BYTES = 100_000_000;

  private final Path file;
  private final MemorySegment mapped;

  private SafetensorsFile(Path file, MemorySegment mapped) {
    this.file = file;
    this.mapped = mapped;
  }

  /// The file's tensors in the order of their bytes, as views that live as long as `arena`.
  ///
  /// @throws NunchiException `INVALID_MODEL` where the file is missing, truncated or malformed
  static SequencedMap<String, Weight> map(Path file, Arena arena) {
    PlainFile.require(file);
    try (FileChannel channel = FileChannel.open(file)) {
      MemorySegment mapped = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
      return new SafetensorsFile(file, mapped).tensors();
    } catch (NoSuchFileException e) {
      throw new NunchiException(Reason.INVALID_MODEL, file + " is missing", e);
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, file + " cannot be read", e);
    }
  }

  private SequencedMap<String, Weight> tensors() {
    MemorySegment header = header();
    MemorySegment data = mapped.asSlice(8 + header.byteSize());
    ObjectNode json = Json.parse(file, header.toArray(ValueLayout.JAVA_BYTE));
    List<Entry> entries = new ArrayList<>();
    for (Map.Entry<String, JsonNode> property : json.properties()) {
      if (!property.getKey().equals("__metadata__")) {
        entries.add(entry(property.getKey(), property.getValue()));
      }
    }
    entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    SequencedMap<String, Weight> weights = new LinkedHashMap<>();
    long position = 0;
    for (Entry entry : entries) {
      if (entry.begin != position) {
        throw invalid(
            "data_offsets of %s begin at %d, where %d was expected"
                .formatted(entry.name, entry.begin, position));
      }
      position = entry.end;
      if (position > data.byteSize()) {
        throw invalid(
            "it is truncated: %s ends at byte %d of the data, of which there are %d"
                .formatted(entry.name, position, data.byteSize()));
      }
      MemorySegment bytes = data.asSlice(entry.begin, entry.end - entry.begin);
      weights.put(entry.name, new Weight(entry.type, entry.shape, bytes));
    }
    if (position != data.byteSize()) {
      throw invalid(
          "it has %d bytes of data, of which the tensors take %d"
              .formatted(data.byteSize(), position));
    }
    return weights;
  }

  private MemorySegment header() {
    if (mapped.byteSize() < 8) {
      throw invalid("it has %d bytes, fewer than a header".formatted(mapped.byteSize()));
    }
    long length = mapped.get(LittleEndian.LONG, 0);
    if (length < 2 || length > MAX_HEADER_BYTES) {
      throw invalid(
          "its header length is %s; it lies in [2, %d]"
              .formatted(Long.toUnsignedString(length), MAX_HEADER_BYTES));
    }
    if (length > mapped.byteSize() - 8) {
      throw invalid(
          "it is truncated: the header takes %d bytes, of which there are %d"
              .formatted(length, mapped.byteSize() - 8));
    }
    return mapped.asSlice(8, length);
  }

  private Entry entry(String name, JsonNode json) {
    ElementType type = type(name, json.path("dtype"));
    List<Integer> shape = new ArrayList<>();
    for (JsonNode size : array(name, json, "shape")) {
      if (!size.isInt() || size.intValue() < 0) {
        throw invalid("shape of %s holds %s, not a size".formatted(name, size));
      }
      shape.add(size.intValue());
    }
    JsonNode offsets = array(name, json, "data_offsets");
    if (offsets.size() != 2
        || !offsets.get(0).isIntegralNumber()
        || !offsets.get(1).isIntegralNumber()) {
      throw invalid("data_offsets of %s are %s, not [begin, end]".formatted(name, offsets));
    }
    Entry entry =
        new Entry(
            name, type, List.copyOf(shape), offsets.get(0).longValue(), offsets.get(1).longValue());
    long expected = entry.bytes();
    if (expected < 0 || entry.end - entry.begin != expected) {
      throw invalid(
          "data_offsets of %s are %s, but %s %s takes %s bytes"
              .formatted(name, offsets, type, shape, expected < 0 ? "too many" : expected));
    }
    return entry;
  }

  private ElementType type(String name, JsonNode dtype) {
    for (ElementType type : ElementType.values()) {
      if (type.name().equals(dtype.asText())) {
        return type;
      }
    }
    throw invalid(
        "dtype of %s is %s; supported are %s"
            .formatted(
                name, dtype.isMissingNode() ? "missing" : dtype, List.of(ElementType.values())));
  }

  private JsonNode array(String name, JsonNode json, String key) {
    @Nullable JsonNode value = json.get(key);
    if (value == null || !value.isArray()) {
      throw invalid(
          "%s of %s is %s, not a list".formatted(key, name, value == null ? "missing" : value));
    }
    return value;
  }

  private NunchiException invalid(String what) {
    return new NunchiException(
        Reason.INVALID_MODEL, "%s is not a valid safetensors file: %s".formatted(file, what));
  }

  private record Entry(String name, ElementType type, List<Integer> shape, long begin, long end) {
    /// Bytes that type and shape take, -1 where no long holds them.
    long bytes() {
      try {
        long bytes = type.bytes();
        for (int size : shape) {
          bytes = Math.multiplyExact(bytes, (long) size);
        }
        return bytes;
      } catch (ArithmeticException e) {
        return -1;
      }
    }
  }
}
