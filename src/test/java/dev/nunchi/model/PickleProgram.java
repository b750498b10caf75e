package dev.nunchi.model;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Writes a pickle opcode by opcode, right and wrong ones.
final class PickleProgram {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /// A pickle of protocol 2, as `torch.save` writes them.
  static PickleProgram begin() {
    return new PickleProgram().op(0x80, 2);
  }

  PickleProgram op(int... bytes) {
    for (int b : bytes) {
      out.write(b);
    }
    return this;
  }

  PickleProgram op(String opcodes) {
    return raw(opcodes.getBytes(StandardCharsets.ISO_8859_1));
  }

  PickleProgram raw(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  PickleProgram global(String module, String name) {
    return op("c" + module + "\n" + name + "\n");
  }

  PickleProgram text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return op("X").raw(little(4, utf8.length)).raw(utf8);
  }

  PickleProgram number(long number) {
    return op(0x8a, 8).raw(little(8, number));
  }

  PickleProgram tuple(long... numbers) {
    op("(");
    for (long number : numbers) {
      number(number);
    }
    return op("t");
  }

  /// A storage of floats under the key `0`.
  PickleProgram storage(long elements) {
    op("(").text("storage").global("torch", "FloatStorage").text("0").text("cpu");
    return number(elements).op("tQ");
  }

  /// An entry `w` of a dictionary that stands below, a view of [#storage].
  PickleProgram tensor(long elements, long offset, long[] shape, long[] strides) {
    text("w").global("torch._utils", "_rebuild_tensor_v2").op("(").storage(elements);
    number(offset).tuple(shape).tuple(strides);
    return op(0x89).global("collections", "OrderedDict").op(")R").op("tRs");
  }

  byte[] end() {
    return op(".").out.toByteArray();
  }

  byte[] bytes() {
    return out.toByteArray();
  }

  /// The form of before PyTorch 1.6 around a value.
  static byte[] stream(byte[] value, byte[] after) {
    return new PickleProgram()
        .raw(magic())
        .raw(begin().number(1001).end())
        .raw(begin().op("}").end())
        .raw(value)
        .raw(after)
        .bytes();
  }

  private static byte[] magic() {
    return begin().op(0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19).end();
  }

  /// The keys of storages, one, and its numbers.
  static byte[] numbers(long count, int bytes) {
    return new PickleProgram()
        .raw(begin().op("]").text("0").op("a").end())
        .raw(little(8, count))
        .raw(new byte[bytes])
        .bytes();
  }

  static byte[] little(int width, long number) {
    byte[] eight = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(number).array();
    return Arrays.copyOf(eight, width);
  }
}
