package dev.nunchi.faults;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// What can be wrong with a safetensors file.
public enum WeightsFault implements Fault {
  HEADER_LENGTH {
    @Override
    String change(Tensors tensors, Random random) {
      tensors.length =
          Fault.of(
              List.of(
                  0L,
                  1L,
                  -1L,
                  Long.MIN_VALUE,
                  Long.MAX_VALUE,
                  (long) Integer.MAX_VALUE,
                  99_999_999L,
                  tensors.length + 1,
                  tensors.length - 1),
              random);
      return Long.toString(tensors.length);
    }
  },
  HEADER_JSON {
    @Override
    String change(Tensors tensors, Random random) throws IOException {
      JsonFault fault = Fault.of(List.of(JsonFault.values()), random);
      StringBuilder where = new StringBuilder();
      tensors.write(fault.damaged(tensors.header(), random, where));
      return fault + " at " + where;
    }
  },
  TYPE {
    @Override
    String change(Tensors tensors, Random random) throws IOException {
      String type =
          Fault.of(List.of("F16", "BF16", "F64", "I64", "I8", "BOOL", "F8_E4M3", "f32"), random);
      return tensors.edit(random, tensor -> tensor.put("dtype", type)) + " is " + type;
    }
  },
  /// Of as many bytes as before, so that only the shape is wrong.
  TYPE_OF_THE_SAME_SIZE {
    @Override
    String change(Tensors tensors, Random random) throws IOException {
      return tensors.edit(random, tensor -> tensor.put("dtype", "I32"));
    }
  },
  SHAPE_OVERFLOW {
    @Override
    String change(Tensors tensors, Random random) throws IOException {
      return tensors.edit(
          random, tensor -> tensor.putArray("shape").add(1L << 31).add(1L << 31).add(8));
    }
  },
  SHAPE_TURNED {
    @Override
    String change(Tensors tensors, Random random) throws IOException {
      return tensors.edit(
          random,
          tensor -> {
            ArrayNode shape = (ArrayNode) tensor.get("shape");
            shape.add(shape.remove(0));
            shape.add(1);
          });
    }
  },
  OVERLAP {
    @Override
    String change(Tensors tensors, Random random) throws IOException {
      return tensors.edit(random, tensor -> shift(tensor, -4));
    }
  },
  GAP {
    @Override
    String change(Tensors tensors, Random random) throws IOException {
      return tensors.edit(random, tensor -> shift(tensor, 4));
    }
  },
  NEGATIVE_OFFSETS {
    @Override
    String change(Tensors tensors, Random random) throws IOException {
      return tensors.edit(random, tensor -> shift(tensor, Long.MIN_VALUE));
    }
  },
  RENAMED {
    @Override
    String change(Tensors tensors, Random random) throws IOException {
      ObjectNode header = tensors.header();
      String name = tensors.name(header, random);
      header.set(name + ".moved", header.remove(name));
      tensors.write(header.toString());
      return name;
    }
  },
  PREFIXED {
    @Override
    String change(Tensors tensors, Random random) throws IOException {
      ObjectNode header = tensors.header();
      String prefix = Fault.of(List.of("module.", "_orig_mod.", "student."), random);
      ObjectNode prefixed = header.objectNode();
      header.properties().forEach(each -> prefixed.set(prefix + each.getKey(), each.getValue()));
      tensors.write(prefixed.toString());
      return prefix;
    }
  },
  NO_NUMBERS {
    @Override
    String change(Tensors tensors, Random random) {
      int at = random.nextInt(tensors.data.length / 4) * 4;
      float value =
          Fault.of(
              List.of(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 3.4e38f),
              random);
      ByteBuffer.wrap(tensors.data).order(ByteOrder.LITTLE_ENDIAN).putFloat(at, value);
      return "%s at %d".formatted(value, at);
    }
  },
  NO_TENSORS {
    @Override
    String change(Tensors tensors, Random random) {
      tensors.write("{}");
      tensors.data = new byte[0];
      return "";
    }
  };

  /// Changes one tensor's entry in the header.
  private interface Edit {
    void edit(ObjectNode tensor);
  }

  /// The three parts of the file, which need not fit together.
  private static final class Tensors {
    private long length;
    private byte[] json;
    private byte[] data;

    Tensors(byte[] file) {
      length = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
      json = Arrays.copyOfRange(file, 8, (int) (8 + length));
      data = Arrays.copyOfRange(file, (int) (8 + length), file.length);
    }

    ObjectNode header() throws IOException {
      return (ObjectNode) new ObjectMapper().readTree(json);
    }

    void write(String header) {
      json = header.getBytes(StandardCharsets.UTF_8);
      length = json.length;
    }

    String edit(Random random, Edit edit) throws IOException {
      ObjectNode header = header();
      String name = name(header, random);
      edit.edit((ObjectNode) header.get(name));
      write(header.toString());
      return name;
    }

    String name(ObjectNode header, Random random) {
      return Fault.of(
          header.properties().stream()
              .map(java.util.Map.Entry::getKey)
              .filter(name -> !name.equals("__metadata__"))
              .toList(),
          random);
    }

    byte[] bytes() {
      return ByteBuffer.allocate(8 + json.length + data.length)
          .order(ByteOrder.LITTLE_ENDIAN)
          .putLong(length)
          .put(json)
          .put(data)
          .array();
    }
  }

  private static void shift(ObjectNode tensor, long by) {
    ArrayNode offsets = (ArrayNode) tensor.get("data_offsets");
    long begin = offsets.get(0).longValue() + by;
    long end = offsets.get(1).longValue() + by;
    offsets.removeAll().add(begin).add(end);
  }

  @Override
  public String damage(Path file, Random random) throws IOException {
    Tensors tensors = new Tensors(Files.readAllBytes(file));
    if (tensors.data.length < 4) {
      return BytesFault.EMPTY.damage(file, random);
    }
    String what = change(tensors, random);
    Files.write(file, tensors.bytes());
    return this + " " + what;
  }

  abstract String change(Tensors tensors, Random random) throws IOException;
}
