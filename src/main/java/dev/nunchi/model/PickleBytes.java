package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.LittleEndian;
import dev.nunchi.text.ShownText;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// A place in a PyTorch file that moves on as it is read; numbers are little endian.
final class PickleBytes {
  private static final int SHOWN = 100;

  private final Path file;
  private final MemorySegment bytes;
  private long position;

  /// @param file named in errors
  PickleBytes(Path file, MemorySegment bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  /// Another place in the same bytes.
  ///
  /// @throws NunchiException where there is no such place
  PickleBytes at(long position) {
    PickleBytes there = new PickleBytes(file, bytes);
    there.advance(position);
    return there;
  }

  /// Other bytes of the same file.
  PickleBytes over(MemorySegment others) {
    return new PickleBytes(file, others);
  }

  long remaining() {
    return bytes.byteSize() - position;
  }

  int unsignedByte() {
    return Byte.toUnsignedInt(bytes.get(ValueLayout.JAVA_BYTE, advance(1)));
  }

  int unsignedShort() {
    return Short.toUnsignedInt(bytes.get(LittleEndian.SHORT, advance(2)));
  }

  int int32() {
    return bytes.get(LittleEndian.INT, advance(4));
  }

  long int64() {
    return bytes.get(LittleEndian.LONG, advance(8));
  }

  /// As a pickle writes it: eight bytes, big endian.
  double bigEndianDouble() {
    return Double.longBitsToDouble(Long.reverseBytes(int64()));
  }

  /// The next `count` bytes as they stand in the file.
  MemorySegment slice(long count) {
    return bytes.asSlice(advance(count), count);
  }

  byte[] array(long count) {
    return slice(count).toArray(ValueLayout.JAVA_BYTE);
  }

  /// The rest of the line, without its end.
  ///
  /// @param most bytes that it may have
  String line(int most) {
    long start = position;
    while (unsignedByte() != '\n') {
      if (position - start > most) {
        throw invalid("a line of it has more than %d bytes".formatted(most));
      }
    }
    byte[] line = bytes.asSlice(start, position - 1 - start).toArray(ValueLayout.JAVA_BYTE);
    return new String(line, StandardCharsets.UTF_8);
  }

  private long advance(long count) {
    if (count < 0 || count > remaining()) {
      throw invalid(
          "it is truncated: %s bytes are expected at byte %d, where there are %d"
              .formatted(Long.toUnsignedString(count), position, remaining()));
    }
    long from = position;
    position += count;
    return from;
  }

  NunchiException invalid(String what) {
    return new NunchiException(
        Reason.INVALID_MODEL,
        "%s is not a PyTorch file of tensors that can be read: %s".formatted(file, what));
  }

  /// What a file says.
  static String shown(String text) {
    return ShownText.name(text, SHOWN);
  }
}
