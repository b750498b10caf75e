package dev.nunchi.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.LittleEndian;
import dev.nunchi.nn.Nf4;
import dev.nunchi.nn.Nf4Scales;
import dev.nunchi.nn.Nf4Weight;
import dev.nunchi.nn.Weight;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The weights that transformers saved in NF4 through bitsandbytes, put together from the tensors
/// that a checkpoint has of each: for a weight `w`
///
/// | tensor | holds |
/// | --- | --- |
/// | `w` | the codes, packed two to a byte, in any type |
/// | `w.absmax` | the scale of each block: fp32, or bytes where they are quantised too |
/// | `w.quant_map` | the sixteen values |
/// | `w.nested_absmax`, `w.nested_quant_map` | of quantised scales |
/// | `w.quant_state.bitsandbytes__nf4` | JSON: `shape`, `blocksize`, `dtype`, `nested_offset` … |
final class Nf4Tensors {
  private static final String STATE = ".quant_state.bitsandbytes__";
  private static final String NF4_STATE = STATE + "nf4";
  private static final String SCALES = ".absmax";
  private static final String VALUES = ".quant_map";
  private static final String LARGEST = ".nested_absmax";
  private static final String MAP = ".nested_quant_map";
  private static final int DYNAMIC_VALUES = 256;
  private static final Set<Integer> BLOCK_SIZES = Set.of(32, 64, 128, 256, 512, 1024, 2048, 4096);

  private final Path directory;
  private final Map<String, Weight> tensors;

  private Nf4Tensors(Path directory, Map<String, Weight> tensors) {
    this.directory = directory;
    this.tensors = tensors;
  }

  /// Takes the weights in NF4 out of `tensors`, with all that belongs to them.
  ///
  /// @param directory named in errors
  /// @return the weights, by name
  /// @throws NunchiException `INVALID_MODEL` where a part is missing or does not fit the others
  static Map<String, Nf4Weight> takenFrom(Map<String, Weight> tensors, Path directory) {
    Nf4Tensors all = new Nf4Tensors(directory, tensors);
    Map<String, Nf4Weight> weights = new LinkedHashMap<>();
    for (String name : List.copyOf(tensors.keySet())) {
      if (name.endsWith(NF4_STATE)) {
        String weight = name.substring(0, name.length() - NF4_STATE.length());
        weights.put(weight, all.weight(weight));
      }
    }
    for (String weight : weights.keySet()) {
      for (String part : List.of("", SCALES, VALUES, LARGEST, MAP, NF4_STATE)) {
        tensors.remove(weight + part);
      }
    }
    return weights;
  }

  private Nf4Weight weight(String name) {
    ObjectNode state = state(name);
    ElementType type = type(name, state);
    List<Integer> shape = shape(name, state);
    int blockSize = whole(name, state, "blocksize");
    if (!BLOCK_SIZES.contains(blockSize)) {
      throw invalid(name, "has blocksize %d; it is a power of 2 in [32, 4096]", blockSize);
    }
    long size = 1;
    for (int axis : shape) {
      size = Math.multiplyHigh(size, axis) == 0 ? size * axis : -1;
      if (size < 0) {
        throw invalid(name, "has the shape %s, which is too large", shape);
      }
    }
    MemorySegment packed = tensor(name, "").data();
    if (packed.byteSize() != (size + 1) / 2) {
      throw invalid(
          name,
          "has %d bytes of codes, but its shape %s takes %d",
          packed.byteSize(),
          shape,
          (size + 1) / 2);
    }
    requireValues(name);
    long blocks = (size + blockSize - 1) / blockSize;
    Nf4Scales scales =
        state.has("nested_blocksize") || tensors.containsKey(name + LARGEST)
            ? doubled(name, state, blocks)
            : new Nf4Scales.Plain(floats(name, SCALES, blocks));
    for (long block = 0; block < blocks; block++) {
      if (!isFinite(scales.get(block), type)) {
        throw invalid(
            name,
            "has the scale %s for block %d, which no number of type %s can have; the file is"
                + " damaged",
            scales.get(block),
            block,
            type);
      }
    }
    return new Nf4Weight(type, shape, blockSize, packed, scales);
  }

  private static boolean isFinite(float scale, ElementType type) {
    return type == ElementType.F16
        ? Math.abs(scale) < FloatWeights.HALF_OVERFLOW
        : Float.isFinite(scale);
  }

  private ObjectNode state(String name) {
    Weight tensor = tensor(name, NF4_STATE);
    if (tensor.type() != ElementType.U8) {
      throw invalid(name + NF4_STATE, "is of type %s, not the bytes of JSON", tensor.type());
    }
    ObjectNode state =
        Json.parse(
            directory.resolve(name + NF4_STATE), tensor.data().toArray(ValueLayout.JAVA_BYTE));
    if (!state.path("quant_type").asText().equals("nf4")) {
      throw invalid(name, "has quant_type %s beside a state of nf4", state.get("quant_type"));
    }
    return state;
  }

  private ElementType type(String name, ObjectNode state) {
    String type = state.path("dtype").asText();
    return switch (type) {
      case "float32" -> ElementType.F32;
      case "float16" -> ElementType.F16;
      case "bfloat16" -> ElementType.BF16;
      default -> throw invalid(name, "has dtype %s; it is float32, float16 or bfloat16", type);
    };
  }

  private List<Integer> shape(String name, ObjectNode state) {
    List<Integer> shape = new ArrayList<>();
    JsonNode sizes = state.path("shape");
    for (JsonNode size : sizes) {
      if (!size.isInt() || size.intValue() < 0) {
        throw invalid(name, "has the shape %s, which is none", sizes);
      }
      shape.add(size.intValue());
    }
    if (shape.isEmpty()) {
      throw invalid(name, "has the shape %s, which is none", sizes);
    }
    return shape;
  }

  /// bitsandbytes computes with the published values, whatever stands there.
  private void requireValues(String name) {
    MemorySegment values = floats(name, VALUES, Nf4.codes());
    for (int code = 0; code < Nf4.codes(); code++) {
      float value = values.getAtIndex(LittleEndian.FLOAT, code);
      if (value != Nf4.value(code)) {
        throw invalid(
            name, "has the value %s for code %d, where NF4 has %s", value, code, Nf4.value(code));
      }
    }
  }

  private Nf4Scales doubled(String name, ObjectNode state, long blocks) {
    int groupSize = whole(name, state, "nested_blocksize");
    JsonNode offset = state.path("nested_offset");
    if (groupSize < 1 || !offset.isNumber()) {
      throw invalid(
          name, "has nested_blocksize %d and nested_offset %s, not two numbers", groupSize, offset);
    }
    Weight codes = tensor(name, SCALES);
    if (codes.type() != ElementType.U8 || codes.data().byteSize() != blocks) {
      throw invalid(
          name + SCALES,
          "is %s %s, where a byte for each of %d blocks was expected",
          codes.type(),
          codes.shape(),
          blocks);
    }
    return new Nf4Scales.Doubled(
        codes.data(),
        floats(name, LARGEST, (blocks + groupSize - 1) / groupSize),
        floats(name, MAP, DYNAMIC_VALUES),
        groupSize,
        offset.floatValue());
  }

  private int whole(String name, ObjectNode state, String key) {
    JsonNode value = state.path(key);
    if (!value.isInt()) {
      throw invalid(
          name, "has %s %s, not a whole number", key, value.isMissingNode() ? "missing" : value);
    }
    return value.intValue();
  }

  private MemorySegment floats(String name, String part, long count) {
    Weight tensor = tensor(name, part);
    if (tensor.type() != ElementType.F32 || tensor.data().byteSize() != count * Float.BYTES) {
      throw invalid(
          name + part,
          "is %s %s, where F32 [%d] was expected",
          tensor.type(),
          tensor.shape(),
          count);
    }
    return tensor.data();
  }

  private Weight tensor(String name, String part) {
    @Nullable Weight tensor = tensors.get(name + part);
    if (tensor == null) {
      throw invalid(
          name + part,
          "is missing, which belongs to %s; save the checkpoint again with transformers",
          name + NF4_STATE);
    }
    return tensor;
  }

  private NunchiException invalid(String tensor, String what, @Nullable Object... values) {
    return new NunchiException(
        Reason.INVALID_MODEL,
        "%s: tensor %s %s".formatted(directory, tensor, what.formatted(values)));
  }
}
