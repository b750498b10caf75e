package dev.nunchi.train;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/// Encodes TensorFlow's protocol buffer `Event`, the content of a record that TensorBoard reads.
///
/// Of the schema only what scalars need:
///
/// ```
/// message Event {
///   double wall_time = 1;         // seconds since 1970
///   int64 step = 2;
///   string file_version = 3;      // the first event of a file
///   Summary summary = 5;
///   SessionLog session_log = 7;
/// }
/// message Summary {
///   message Value { string tag = 1; float simple_value = 2; }
///   repeated Value value = 1;
/// }
/// message SessionLog { Status status = 1; } // START is 1
/// ```
///
/// In the wire format a field is its key, `number << 3 | type`, and its value; type 0 is a varint
/// (seven bits a byte, the lowest first, the high bit set in all but the last), 1 is eight bytes, 5
/// is four bytes, both little-endian, and 2 is a length and that many bytes.
final class EventMessage {
  private static final int VARINT = 0;
  private static final int EIGHT_BYTES = 1;
  private static final int LENGTH = 2;
  private static final int FOUR_BYTES = 5;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  private EventMessage() {}

  /// The first event of a file.
  static byte[] version(double wallTime) {
    return event(wallTime, 0)
        .bytes(3, "brain.Event:2".getBytes(StandardCharsets.UTF_8))
        .toByteArray();
  }

  /// A process begins to write: events of `step` and later ones that others wrote before are void.
  static byte[] sessionStart(double wallTime, long step) {
    byte[] sessionLog = new EventMessage().varint(1, 1).toByteArray();
    return event(wallTime, step).bytes(7, sessionLog).toByteArray();
  }

  /// Scalars of one step by their tags, for example `train/loss`.
  static byte[] scalars(double wallTime, long step, Map<String, Double> values) {
    EventMessage summary = new EventMessage();
    values.forEach((tag, value) ->
        summary.bytes(
            1,
            new EventMessage()
                .bytes(1, tag.getBytes(StandardCharsets.UTF_8))
                .fourBytes(2, value.floatValue())
                .toByteArray()));
    return event(wallTime, step).bytes(5, summary.toByteArray()).toByteArray();
  }

  private static EventMessage event(double wallTime, long step) {
    EventMessage event = new EventMessage().eightBytes(1, wallTime);
    // A field that has its default value is left out.
    return step == 0 ? event : event.varint(2, step);
  }

  private EventMessage varint(int field, long value) {
    key(field, VARINT);
    rawVarint(value);
    return this;
  }

  private EventMessage eightBytes(int field, double value) {
    key(field, EIGHT_BYTES);
    bytes.writeBytes(littleEndian(Double.BYTES).putDouble(value).array());
    return this;
  }

  private EventMessage fourBytes(int field, float value) {
    key(field, FOUR_BYTES);
    bytes.writeBytes(littleEndian(Float.BYTES).putFloat(value).array());
    return this;
  }

  private EventMessage bytes(int field, byte[] value) {
    key(field, LENGTH);
    rawVarint(value.length);
    bytes.writeBytes(value);
    return this;
  }

  private byte[] toByteArray() {
    return bytes.toByteArray();
  }

  private void key(int field, int type) {
    rawVarint((long) field << 3 | type);
  }

  private void rawVarint(long value) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      bytes.write((int) (rest & 0x7F | 0x80));
      rest >>>= 7;
    }
    bytes.write((int) rest);
  }

  private static ByteBuffer littleEndian(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
