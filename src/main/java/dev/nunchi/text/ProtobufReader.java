package dev.nunchi.text;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;

/// Walks the fields of one protobuf message: [#next] goes to a field, then exactly one of the other
/// methods takes its value or skips it.
///
/// What is cut short fails with [BufferUnderflowException], what is no field with
/// [IllegalArgumentException].
public final class ProtobufReader {
  /// Bytes of the numbers of one field: many more than a shape has.
  private static final int MOST_PACKED = 1 << 10;

  private static final int VARINT = 0;
  private static final int FIXED_64 = 1;
  private static final int LENGTH_DELIMITED = 2;
  private static final int FIXED_32 = 5;

  private final ByteBuffer message;
  private int field;
  private int wireType;

  public ProtobufReader(ByteBuffer message) {
    this.message = message.slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  /// Whether there is another field, which is then the current one.
  public boolean next() {
    if (!message.hasRemaining()) {
      return false;
    }
    long tag = rawVarint();
    field = (int) (tag >>> 3);
    wireType = (int) (tag & 7);
    if (field <= 0 || tag >>> 32 != 0) {
      throw new IllegalArgumentException("no field has the number " + field);
    }
    return true;
  }

  public int field() {
    return field;
  }

  /// A number of at most 32 bits, as enumerations and truth values are too.
  public int integer() {
    require(VARINT);
    return (int) rawVarint();
  }

  /// Numbers of a repeated field, of which a message holds one or, packed, several.
  public int[] integers() {
    if (wireType == VARINT) {
      return new int[] {integer()};
    }
    ProtobufReader packed = new ProtobufReader(bytes());
    if (packed.message.remaining() > MOST_PACKED) {
      throw new IllegalArgumentException("field %d has too many numbers".formatted(field));
    }
    IntStream.Builder numbers = IntStream.builder();
    while (packed.message.hasRemaining()) {
      numbers.add((int) packed.rawVarint());
    }
    return numbers.build().toArray();
  }

  float fraction() {
    require(FIXED_32);
    return message.getFloat();
  }

  public ByteBuffer bytes() {
    require(LENGTH_DELIMITED);
    return take(rawVarint());
  }

  public String text() throws CharacterCodingException {
    return StandardCharsets.UTF_8.newDecoder().decode(bytes()).toString();
  }

  public void skip() {
    switch (wireType) {
      case VARINT -> rawVarint();
      case FIXED_64 -> take(Long.BYTES);
      case LENGTH_DELIMITED -> take(rawVarint());
      case FIXED_32 -> take(Integer.BYTES);
      default -> throw new IllegalArgumentException("there is no wire type " + wireType);
    }
  }

  private void require(int expected) {
    if (wireType != expected) {
      throw new IllegalArgumentException(
          "field %d has the wire type %d, not %d".formatted(field, wireType, expected));
    }
  }

  private ByteBuffer take(long length) {
    if (length < 0 || length > message.remaining()) {
      throw new BufferUnderflowException();
    }
    ByteBuffer taken = message.slice(message.position(), (int) length);
    message.position(message.position() + (int) length);
    return taken;
  }

  private long rawVarint() {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte next = message.get();
      value |= (next & 0x7FL) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number has more than ten bytes");
  }
}
