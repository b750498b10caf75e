package dev.nunchi.nn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/// A matrix that bitsandbytes quantised; see `generate_nf4.py`.
///
/// @param weight its bytes in the type
/// @param scales fp32
/// @param dequantized in the type, with fp32 scales
/// @param dequantizedDoubled in the type, with quantised scales
public record Nf4Case(
    String name,
    ElementType type,
    List<Integer> shape,
    byte[] weight,
    byte[] packed,
    byte[] scales,
    byte[] dequantized,
    byte[] scaleCodes,
    byte[] scaleLargest,
    float offset,
    byte[] dequantizedDoubled) {
  private static final JsonNode FIXTURE = read();

  private static JsonNode read() {
    try {
      return new ObjectMapper().readTree(Nf4Case.class.getResource("nf4.json"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static List<Nf4Case> all() {
    List<Nf4Case> cases = new ArrayList<>();
    for (JsonNode json : FIXTURE.path("cases")) {
      List<Integer> shape = new ArrayList<>();
      json.path("shape").forEach(size -> shape.add(size.intValue()));
      cases.add(
          new Nf4Case(
              json.path("name").asText(),
              ElementType.valueOf(json.path("type").asText()),
              shape,
              bytes(json, "weight"),
              bytes(json, "packed"),
              bytes(json, "scales"),
              bytes(json, "dequantized"),
              bytes(json, "scale_codes"),
              bytes(json, "scale_largest"),
              floats(bytes(json, "offset"))[0],
              bytes(json, "dequantized_doubled")));
    }
    return cases;
  }

  /// One of the fixture's tables: `thresholds`, `values`, `signed` or `unsigned`.
  static float[] table(String name) {
    return floats(bytes(FIXTURE, name));
  }

  /// The numbers of the weight.
  public float[] numbers() {
    if (type == ElementType.F32) {
      return floats(weight);
    }
    short[] shorts = MemorySegment.ofArray(weight).toArray(ValueLayout.JAVA_SHORT_UNALIGNED);
    float[] numbers = new float[shorts.length];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] =
          type == ElementType.F16
              ? Float.float16ToFloat(shorts[i])
              : Float.intBitsToFloat(shorts[i] << Short.SIZE);
    }
    return numbers;
  }

  private static float[] floats(byte[] bytes) {
    return MemorySegment.ofArray(bytes).toArray(LittleEndian.FLOAT);
  }

  private static byte[] bytes(JsonNode json, String key) {
    return Base64.getDecoder().decode(json.path(key).asText());
  }

  @Override
  public String toString() {
    return name;
  }
}
