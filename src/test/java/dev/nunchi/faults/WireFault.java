package dev.nunchi.faults;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// What can be wrong with bytes on their way: with any, and with those of a protobuf message, whose
/// fields are found and changed as such.
public enum WireFault {
  FLIPPED_BIT {
    @Override
    byte[] change(byte[] bytes, Random random) {
      if (bytes.length > 0) {
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      }
      return bytes;
    }
  },
  ANOTHER_BYTE {
    @Override
    byte[] change(byte[] bytes, Random random) {
      if (bytes.length > 0) {
        bytes[random.nextInt(bytes.length)] = DELICATE[random.nextInt(DELICATE.length)];
      }
      return bytes;
    }
  },
  INSERTED {
    @Override
    byte[] change(byte[] bytes, Random random) {
      byte[] more = new byte[1 + random.nextInt(8)];
      random.nextBytes(more);
      return spliced(bytes, random.nextInt(bytes.length + 1), 0, more);
    }
  },
  REMOVED {
    @Override
    byte[] change(byte[] bytes, Random random) {
      int from = random.nextInt(bytes.length + 1);
      int count = Math.min(1 + random.nextInt(8), bytes.length - from);
      return spliced(bytes, from, count, new byte[0]);
    }
  },
  TRUNCATED {
    @Override
    byte[] change(byte[] bytes, Random random) {
      return Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
    }
  },
  TWICE {
    @Override
    byte[] change(byte[] bytes, Random random) {
      return spliced(bytes, bytes.length, 0, bytes.clone());
    }
  },
  PART_REPEATED {
    @Override
    byte[] change(byte[] bytes, Random random) {
      int from = random.nextInt(bytes.length + 1);
      byte[] part = Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + 16));
      return spliced(bytes, random.nextInt(bytes.length + 1), 0, repeated(part, random));
    }
  },
  ANOTHER_FIELD_NUMBER {
    @Override
    byte[] change(byte[] bytes, Random random) {
      return atField(
          bytes,
          random,
          field ->
              joined(
                  tag(random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(20), field.wire()),
                  field.content()));
    }
  },
  ANOTHER_WIRE_TYPE {
    @Override
    byte[] change(byte[] bytes, Random random) {
      return atField(
          bytes, random, field -> joined(tag(field.number(), random.nextInt(8)), field.content()));
    }
  },
  LYING_LENGTH {
    @Override
    byte[] change(byte[] bytes, Random random) {
      return atField(
          bytes,
          random,
          field ->
              field.wire() == 2
                  ? joined(tag(field.number(), 2), varint(number(random)), field.value())
                  : field.whole());
    }
  },
  HUGE_NUMBER {
    @Override
    byte[] change(byte[] bytes, Random random) {
      return atField(
          bytes, random, field -> joined(tag(field.number(), 0), varint(number(random))));
    }
  },
  ENDLESS_VARINT {
    @Override
    byte[] change(byte[] bytes, Random random) {
      byte[] endless = new byte[1 + random.nextInt(20)];
      Arrays.fill(endless, (byte) 0xff);
      return spliced(bytes, place(bytes, random), 0, endless);
    }
  },
  INVALID_UTF8 {
    @Override
    byte[] change(byte[] bytes, Random random) {
      return atField(
          bytes,
          random,
          field -> {
            byte[] text =
                spliced(
                    field.value(),
                    random.nextInt(field.value().length + 1),
                    0,
                    Fault.of(NOT_UTF8, random));
            return joined(tag(field.number(), 2), varint(text.length), text);
          });
    }
  },
  FIELD_REPEATED {
    @Override
    byte[] change(byte[] bytes, Random random) {
      return atField(bytes, random, field -> repeated(field.whole(), random));
    }
  },
  UNKNOWN_FIELD {
    @Override
    byte[] change(byte[] bytes, Random random) {
      byte[] text = new byte[random.nextInt(12)];
      random.nextBytes(text);
      byte[] field =
          switch (random.nextInt(3)) {
            case 0 -> joined(tag(8 + random.nextInt(1000), 0), varint(random.nextLong()));
            case 1 -> joined(tag(8 + random.nextInt(1000), 2), varint(text.length), text);
            default -> joined(tag(536_870_911, 5), new byte[4]);
          };
      return spliced(bytes, place(bytes, random), 0, repeated(field, random));
    }
  },
  NESTED_GROUPS {
    @Override
    byte[] change(byte[] bytes, Random random) {
      int depth = random.nextInt(8) == 0 ? random.nextInt(20_000) : random.nextInt(120);
      byte[] begun = new byte[depth];
      byte[] ended = new byte[random.nextBoolean() ? depth : random.nextInt(depth + 1)];
      Arrays.fill(begun, (byte) (1 << 3 | 3));
      Arrays.fill(ended, (byte) (1 << 3 | 4));
      return spliced(bytes, place(bytes, random), 0, joined(begun, ended));
    }
  },
  NESTED_MESSAGES {
    @Override
    byte[] change(byte[] bytes, Random random) {
      byte[] nested = bytes;
      int number = 1 + random.nextInt(7);
      for (int depth = random.nextInt(150); depth > 0 && nested.length < 20_000; depth--) {
        nested = joined(tag(number, 2), varint(nested.length), nested);
      }
      return nested;
    }
  },
  FIELDS_REVERSED {
    @Override
    byte[] change(byte[] bytes, Random random) {
      byte[] reversed = new byte[0];
      for (Field field : fields(bytes)) {
        reversed = joined(field.whole(), reversed);
      }
      return reversed;
    }
  };

  /// Bytes, so that several faults on each other have an end.
  private static final int MOST_REPEATED = 50_000;

  /// Where numbers and texts change their kind.
  private static final byte[] DELICATE = {
    0, 1, 2, 7, 8, 10, 13, 0x1f, 0x20, 0x22, 0x2c, 0x5c, 0x7b, 0x7d, 0x7f, -128, -127, -64, -2, -1
  };

  private static final List<byte[]> NOT_UTF8 =
      List.of(
          new byte[] {(byte) 0xff},
          new byte[] {(byte) 0xc0, (byte) 0x80},
          new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
          new byte[] {(byte) 0xf4, (byte) 0x90, (byte) 0x80, (byte) 0x80},
          new byte[] {(byte) 0xe3, (byte) 0x85},
          new byte[] {(byte) 0x80});

  /// A field as it stands in a message.
  ///
  /// @param from where its tag begins
  /// @param content all behind its tag
  /// @param value of a field with a length, what is behind that; else the content
  private record Field(
      int from, int number, int wire, byte[] content, byte[] value, byte[] whole) {}

  private interface Change {
    byte[] of(Field field);
  }

  abstract byte[] change(byte[] bytes, Random random);

  /// The bytes with one to three things wrong; they themselves stay.
  public static byte[] damaged(byte[] bytes, Random random) {
    byte[] damaged = bytes.clone();
    for (int i = random.nextInt(3); i >= 0; i--) {
      damaged = Fault.of(List.of(values()), random).change(damaged, random);
    }
    return damaged;
  }

  /// The same of bytes that are no protobuf.
  public static byte[] damagedBytes(byte[] bytes, Random random) {
    byte[] damaged = bytes.clone();
    for (int i = random.nextInt(3); i >= 0; i--) {
      damaged = values()[random.nextInt(PART_REPEATED.ordinal() + 1)].change(damaged, random);
    }
    return damaged;
  }

  /// Changes a field, or a field of the message that stands in it.
  private static byte[] atField(byte[] bytes, Random random, Change change) {
    List<Field> fields = fields(bytes);
    if (fields.isEmpty()) {
      return bytes;
    }
    Field field = Fault.of(fields, random);
    byte[] changed;
    if (field.wire() == 2 && random.nextBoolean() && !fields(field.value()).isEmpty()) {
      byte[] inner = atField(field.value(), random, change);
      changed = joined(tag(field.number(), 2), varint(inner.length), inner);
    } else {
      changed = change.of(field);
    }
    return spliced(bytes, field.from(), field.whole().length, changed);
  }

  /// Where a field begins, or the message ends.
  private static int place(byte[] bytes, Random random) {
    List<Integer> places = new ArrayList<>(List.of(bytes.length));
    fields(bytes).forEach(field -> places.add(field.from()));
    return Fault.of(places, random);
  }

  /// Its fields, as far as it is a message.
  private static List<Field> fields(byte[] bytes) {
    List<Field> fields = new ArrayList<>();
    int at = 0;
    while (at < bytes.length) {
      int from = at;
      long tag = 0;
      int shift = 0;
      while (at < bytes.length && bytes[at] < 0 && shift < 28) {
        tag |= (long) (bytes[at++] & 0x7f) << shift;
        shift += 7;
      }
      if (at == bytes.length) {
        break;
      }
      tag |= (long) bytes[at++] << shift;
      int content = at;
      int value = at;
      switch ((int) (tag & 7)) {
        case 0 -> {
          while (at < bytes.length && bytes[at] < 0) {
            at++;
          }
          at++;
        }
        case 1 -> at += 8;
        case 2 -> {
          long length = 0;
          shift = 0;
          while (at < bytes.length && bytes[at] < 0 && shift < 28) {
            length |= (long) (bytes[at++] & 0x7f) << shift;
            shift += 7;
          }
          length |= at < bytes.length ? (long) (bytes[at] & 0x7f) << shift : 0;
          value = at + 1;
          at = (int) Math.min(Integer.MAX_VALUE, value + length);
        }
        case 5 -> at += 4;
        default -> at = Integer.MAX_VALUE;
      }
      if (at > bytes.length) {
        break;
      }
      fields.add(
          new Field(
              from,
              (int) (tag >> 3),
              (int) (tag & 7),
              Arrays.copyOfRange(bytes, content, at),
              Arrays.copyOfRange(bytes, value, at),
              Arrays.copyOfRange(bytes, from, at)));
    }
    return fields;
  }

  private static long number(Random random) {
    return switch (random.nextInt(6)) {
      case 0 -> Integer.MAX_VALUE;
      case 1 -> -1;
      case 2 -> Long.MIN_VALUE;
      case 3 -> 1L << random.nextInt(64);
      case 4 -> random.nextInt(300);
      default -> random.nextLong();
    };
  }

  private static byte[] tag(int number, int wire) {
    return varint(((long) number << 3 | wire) & 0xffffffffL);
  }

  private static byte[] varint(long number) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    long rest = number;
    while ((rest & ~0x7fL) != 0) {
      bytes.write((int) (rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    bytes.write((int) rest);
    return bytes.toByteArray();
  }

  private static byte[] repeated(byte[] part, Random random) {
    int times = random.nextInt(16) == 0 ? random.nextInt(3_000) : 1 + random.nextInt(4);
    times = Math.min(times, 1 + MOST_REPEATED / Math.max(1, part.length));
    byte[] all = new byte[part.length * times];
    for (int i = 0; i < times; i++) {
      System.arraycopy(part, 0, all, i * part.length, part.length);
    }
    return all;
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      joined.writeBytes(part);
    }
    return joined.toByteArray();
  }

  /// With other bytes in the place of some.
  private static byte[] spliced(byte[] bytes, int from, int count, byte[] other) {
    return joined(
        Arrays.copyOf(bytes, from), other, Arrays.copyOfRange(bytes, from + count, bytes.length));
  }
}
