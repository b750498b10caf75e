package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.LittleEndian;
import dev.nunchi.nn.Nf4Scales;
import dev.nunchi.nn.Nf4Weight;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.nn.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Nf4TensorsTest {
  private static final String QUERY = "bert.encoder.layer.0.attention.self.query.weight";
  private static final String STATE = ".quant_state.bitsandbytes__nf4";

  @TempDir Path temporary;

  @Test
  void open_checkpointInNf4_givesItsWeightsPackedAndDequantised() {
    try (CheckpointDirectory checkpoint =
        CheckpointDirectory.open(TinyCheckpoint.BERT_NF4.path())) {
      checkpoint.requireComplete();
      Nf4Weight packed = checkpoint.weights().quantized(QUERY).orElseThrow();
      assertTrue(packed.scales() instanceof Nf4Scales.Doubled);
      Weight weight = checkpoint.weights().get(QUERY);
      assertEquals(ElementType.F32, weight.type());
      assertEquals(checkpoint.weights().shape(QUERY), weight.shape());
      assertTrue(checkpoint.weights().quantized("bert.pooler.dense.bias").isEmpty());
      assertFalse(checkpoint.weights().names().contains(QUERY + ".absmax"));
    }
  }

  @Test
  void open_checkpointInNf4OfBfloat16_givesBfloat16() {
    try (CheckpointDirectory checkpoint =
        CheckpointDirectory.open(TinyCheckpoint.ROBERTA_NF4.path())) {
      String name = "roberta.encoder.layer.0.output.dense.weight";
      assertEquals(ElementType.BF16, checkpoint.weights().get(name).type());
      Nf4Weight packed = checkpoint.weights().quantized(name).orElseThrow();
      assertTrue(packed.scales() instanceof Nf4Scales.Plain);
    }
  }

  @Test
  void open_codesStoredInAnotherType_areReadAsBytes() throws IOException {
    Path directory =
        changed(tensors -> {
          Weight codes = tensor(tensors, QUERY);
          int halves = (int) codes.data().byteSize() / 2;
          tensors.put(QUERY, new Weight(ElementType.BF16, List.of(halves, 1), codes.data()));
        });
    try (CheckpointDirectory stored = CheckpointDirectory.open(TinyCheckpoint.BERT_NF4.path());
        CheckpointDirectory same = CheckpointDirectory.open(directory)) {
      assertEquals(
          -1, stored.weights().get(QUERY).data().mismatch(same.weights().get(QUERY).data()));
    }
  }

  @Test
  void open_otherNamesOfWrappers_areUnderstood() throws IOException {
    Path directory =
        changed(tensors -> {
          Map<String, Weight> wrapped = new LinkedHashMap<>();
          tensors.forEach((name, weight) -> wrapped.put("module." + name, weight));
          tensors.clear();
          tensors.putAll(wrapped);
        });
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(directory)) {
      checkpoint.requireComplete();
      assertTrue(checkpoint.weights().quantized(QUERY).isPresent());
    }
  }

  @Test
  void write_networkOfACheckpointInNf4_saysNothingOfQuantisation() {
    try (CheckpointDirectory checkpoint =
        CheckpointDirectory.open(TinyCheckpoint.BERT_NF4.path())) {
      ObjectNode written =
          CheckpointConfig.read(checkpoint.path()).written(checkpoint.network(), ElementType.F32);
      assertFalse(written.has("quantization_config"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      value = {
        "\"nf4\" | \"fp4\" | has quant_type \"fp4\" beside a state of nf4",
        "\"blocksize\": 64 | \"blocksize\": 63 | has blocksize 63",
        "\"blocksize\": 64 | \"blocksize\": \"64\" | has blocksize \"64\", not a whole number",
        "\"blocksize\" | \"size\" | has blocksize missing",
        "\"dtype\": \"float32\" | \"dtype\": \"int8\" | has dtype int8",
        "\"shape\": [ | \"shape\": [2, | codes, but its shape [2,",
        "\"shape\": [ | \"shape\": [-1, | which is none",
        "\"shape\": [ | \"shape\": [2147483647, 2147483647, 2147483647, | which is too large",
        "\"shape\" | \"form\" | which is none",
        "\"nested_blocksize\": 256 | \"nested_blocksize\": 0 | has nested_blocksize 0",
        "\"nested_offset\": | \"nested_offset\": true, \"x\": | nested_offset true, not two"
            + " numbers",
        "\"nested_offset\": | \"nested_offset\": 1e60, \"x\": | has the scale Infinity for block 0",
        "{ | [ | is not valid JSON"
      })
  void open_stateThatDoesNotFit_isRefusedByName(String from, String to, String message)
      throws IOException {
    Path directory =
        changed(tensors -> {
          String json =
              new String(
                  tensor(tensors, QUERY + STATE).data().toArray(ValueLayout.JAVA_BYTE),
                  StandardCharsets.UTF_8);
          assertTrue(json.contains(from), json);
          byte[] bytes =
              json.replaceFirst(Pattern.quote(from), Matcher.quoteReplacement(to))
                  .getBytes(StandardCharsets.UTF_8);
          tensors.put(QUERY + STATE, weight(ElementType.U8, bytes));
        });
    assertRefused(directory, Reason.INVALID_MODEL, message);
  }

  @ParameterizedTest
  @CsvSource({".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map", "''"})
  void open_partThatIsMissingOrOfAnotherSize_isRefusedByName(String part) throws IOException {
    assertRefused(
        changed(tensors -> tensors.remove(QUERY + part)),
        Reason.INVALID_MODEL,
        "tensor " + QUERY + part + " is missing");
    assertRefused(
        changed(tensors -> tensors.put(QUERY + part, weight(ElementType.U8, new byte[3]))),
        Reason.INVALID_MODEL,
        "tensor " + QUERY);
  }

  @Test
  void open_scalesOrValuesThatAreNone_areRefusedByName() throws IOException {
    assertRefused(
        changed(tensors -> set(tensors, QUERY + ".nested_absmax", Float.NaN)),
        Reason.INVALID_MODEL,
        "has the scale NaN for block 0");
    assertRefused(
        changed(tensors -> set(tensors, QUERY + ".quant_map", -0.9f)),
        Reason.INVALID_MODEL,
        "has the value -0.9 for code 0, where NF4 has -1.0");
  }

  @ParameterizedTest
  @CsvSource({
    ".quant_state.bitsandbytes__fp4, FP4 of bitsandbytes",
    ".SCB, LLM.int8",
    ".qweight, GPTQ or AWQ",
    ".weight_scale_inv, FP8"
  })
  void open_tensorsOfAnotherMethod_areRefusedNamingIt(String end, String method)
      throws IOException {
    assertRefused(
        changed(tensors -> tensors.put("layer" + end, weight(ElementType.U8, new byte[3]))),
        Reason.UNSUPPORTED_MODEL,
        method);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      value = {
        "{\"quant_method\": \"awq\"} | (awq)",
        "{\"quant_method\": \"bitsandbytes\", \"load_in_8bit\": true} | LLM.int8",
        "{\"quant_method\": \"bitsandbytes\", \"load_in_4bit\": true} | bnb_4bit_quant_type fp4",
        "{\"load_in_4bit\": true, \"bnb_4bit_quant_type\": \"fp4\"} | bnb_4bit_quant_type fp4",
        "{\"bits\": 4} | (some method)",
        "7 | (some method)"
      })
  void open_configurationOfAnotherMethod_isRefusedNamingIt(String json, String message)
      throws IOException {
    Path directory = changed(tensors -> {});
    CopiedDirectory.edit(
        directory.resolve("config.json"),
        config ->
            config.set(
                "quantization_config",
                Json.parse(directory, ("{\"x\": " + json + "}").getBytes(StandardCharsets.UTF_8))
                    .get("x")));
    assertRefused(directory, Reason.UNSUPPORTED_MODEL, message);
  }

  private static void assertRefused(Path directory, Reason reason, String message) {
    NunchiException e =
        assertThrows(NunchiException.class, () -> CheckpointDirectory.open(directory).close());
    assertEquals(reason, e.reason(), e.getMessage());
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  /// A copy of the tiny BERT in NF4 with other tensors.
  private Path changed(Consumer<Map<String, Weight>> change) throws IOException {
    Path directory =
        CopiedDirectory.of(
            TinyCheckpoint.BERT_NF4.path(), temporary.resolve("copy" + System.nanoTime()));
    Path file = directory.resolve("model.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      Map<String, Weight> tensors = new LinkedHashMap<>();
      SafetensorsFile.map(TinyCheckpoint.BERT_NF4.path().resolve("model.safetensors"), arena)
          .forEach(tensors::put);
      change.accept(tensors);
      Files.delete(file);
      SafetensorsWriter.write(file, tensors);
    }
    return directory;
  }

  private static void set(Map<String, Weight> tensors, String name, float first) {
    Weight before = tensor(tensors, name);
    byte[] bytes = before.data().toArray(ValueLayout.JAVA_BYTE);
    MemorySegment.ofArray(bytes).set(LittleEndian.FLOAT, 0, first);
    tensors.put(name, new Weight(before.type(), before.shape(), MemorySegment.ofArray(bytes)));
  }

  private static Weight tensor(Map<String, Weight> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }

  private static Weight weight(ElementType type, byte[] bytes) {
    return new Weight(type, List.of(bytes.length / type.bytes()), MemorySegment.ofArray(bytes));
  }
}
