package dev.nunchi.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DecoderTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /// Networks as they are published, without keys that say nothing of a classifier, and the
  /// parameters that transformers gives a classifier of two labels.
  enum Published {
    LLAMA_3_2_1B(
        1_235_818_496L,
        """
        {"model_type":"llama", "vocab_size":128256, "hidden_size":2048, "intermediate_size":8192,
         "num_hidden_layers":16, "num_attention_heads":32, "num_key_value_heads":8, "head_dim":64,
         "rms_norm_eps":1e-05, "hidden_act":"silu", "max_position_embeddings":131072,
         "rope_theta":500000.0, "rope_scaling":{"rope_type":"llama3", "factor":32.0,
         "high_freq_factor":4.0, "low_freq_factor":1.0, "original_max_position_embeddings":8192},
         "attention_bias":false, "mlp_bias":false}\
        """),
    MISTRAL_7B(
        7_113_814_016L,
        """
        {"model_type":"mistral", "vocab_size":32768, "hidden_size":4096,
         "intermediate_size":14336, "num_hidden_layers":32, "num_attention_heads":32,
         "num_key_value_heads":8, "rms_norm_eps":1e-05, "hidden_act":"silu",
         "max_position_embeddings":32768, "rope_theta":1000000.0, "sliding_window":null}\
        """),
    QWEN2_5_0_5B(
        494_034_560L,
        """
        {"model_type":"qwen2", "vocab_size":151936, "hidden_size":896, "intermediate_size":4864,
         "num_hidden_layers":24, "num_attention_heads":14, "num_key_value_heads":2,
         "rms_norm_eps":1e-06, "hidden_act":"silu", "max_position_embeddings":32768,
         "max_window_layers":24, "rope_theta":1000000.0, "sliding_window":32768,
         "use_sliding_window":false}\
        """),
    QWEN3_0_6B(
        596_051_968L,
        """
        {"model_type":"qwen3", "vocab_size":151936, "hidden_size":1024, "intermediate_size":3072,
         "num_hidden_layers":28, "num_attention_heads":16, "num_key_value_heads":8, "head_dim":128,
         "rms_norm_eps":1e-06, "hidden_act":"silu", "max_position_embeddings":40960,
         "max_window_layers":28, "rope_theta":1000000, "rope_scaling":null, "sliding_window":null,
         "use_sliding_window":false, "attention_bias":false}\
        """),
    GEMMA_2_2B(
        2_614_346_496L,
        """
        {"model_type":"gemma2", "vocab_size":256000, "hidden_size":2304, "intermediate_size":9216,
         "num_hidden_layers":26, "num_attention_heads":8, "num_key_value_heads":4, "head_dim":256,
         "query_pre_attn_scalar":256, "attn_logit_softcapping":50.0,
         "final_logit_softcapping":30.0, "sliding_window":4096, "hidden_act":"gelu_pytorch_tanh",
         "hidden_activation":"gelu_pytorch_tanh", "rms_norm_eps":1e-06, "rope_theta":10000.0,
         "max_position_embeddings":8192, "attention_bias":false, "pad_token_id":0}\
        """),
    GEMMA_3_270M(
        268_099_456L,
        """
        {"model_type":"gemma3_text", "vocab_size":262144, "hidden_size":640,
         "intermediate_size":2048, "num_hidden_layers":18, "num_attention_heads":4,
         "num_key_value_heads":1, "head_dim":256, "query_pre_attn_scalar":256,
         "attn_logit_softcapping":null, "final_logit_softcapping":null, "sliding_window":512,
         "_sliding_window_pattern":6, "hidden_activation":"gelu_pytorch_tanh",
         "rms_norm_eps":1e-06, "rope_theta":1000000.0, "rope_local_base_freq":10000.0,
         "rope_scaling":null, "max_position_embeddings":32768, "attention_bias":false,
         "use_bidirectional_attention":false, "pad_token_id":0}\
        """),
    EXAONE_4_0_32B(
        31_478_938_624L,
        """
        {"model_type":"exaone4", "vocab_size":102400, "hidden_size":5120,
         "intermediate_size":27392, "num_hidden_layers":64, "num_attention_heads":40,
         "num_key_value_heads":8, "head_dim":128, "rms_norm_eps":1e-05, "hidden_act":"silu",
         "max_position_embeddings":131072, "rope_theta":1000000, "rope_scaling":{
         "rope_type":"llama3", "factor":16.0, "high_freq_factor":4.0, "low_freq_factor":1.0,
         "original_max_position_embeddings":8192}, "sliding_window":4096,
         "sliding_window_pattern":"LLLG", "pad_token_id":0}\
        """);

    private final long parameters;
    private final String json;

    Published(long parameters, String json) {
      this.parameters = parameters;
      this.json = json;
    }

    ObjectNode config() throws JsonProcessingException {
      return (ObjectNode) JSON.readTree(json);
    }
  }

  /// What a directory of the model may have, and what its network may.
  @ParameterizedTest
  @EnumSource
  void maxPositions_keyThatIsNotThere_isAsTransformersHasIt(Published published)
      throws JsonProcessingException {
    ObjectNode config = published.config();
    config.remove("max_position_embeddings");
    config.remove("rope_scaling");
    config.remove("rope_parameters");
    int expected =
        switch (config.get("model_type").textValue()) {
          case "llama", "exaone4" -> 2048;
          case "gemma2" -> 8192;
          case "qwen2", "qwen3" -> 32_768;
          default -> 131_072;
        };
    assertEquals(expected, Network.of(config).maxPositions());
    assertEquals(expected, Network.longestInput(config));
  }

  @ParameterizedTest
  @EnumSource
  void of_publishedNetwork_hasItsParametersAndAHeadWithoutABias(Published published)
      throws JsonProcessingException {
    Network network = Network.of(published.config());
    List<Parameter> parameters = network.parameters();
    assertEquals(published.parameters, parameters.stream().mapToLong(Parameter::size).sum());
    assertEquals("score.weight", parameters.getLast().name());
    assertTrue(network.outputBias().isEmpty());
    assertTrue(network.architecture().endsWith("ForSequenceClassification"));
    assertEquals(Pooling.LAST, assertInstanceOf(Classifier.class, network.head()).pooling());
    assertFalse(network.trunk().readsTokenTypes());
  }

  /// The older and the newer spelling, of which transformers writes the newer one.
  @ParameterizedTest
  @CsvSource({"rope_type", "type"})
  void of_eitherSpellingOfScaledPositions_isTheSame(String typeKey) throws JsonProcessingException {
    ObjectNode newer = Published.LLAMA_3_2_1B.config();
    ObjectNode scaling = (ObjectNode) newer.remove("rope_scaling");
    scaling.set("rope_theta", newer.remove("rope_theta"));
    scaling.set(typeKey, scaling.remove("rope_type"));
    newer.set("rope_parameters", scaling);
    assertEquals(Network.of(Published.LLAMA_3_2_1B.config()), Network.of(newer));
    ((ObjectNode) newer.get("rope_parameters")).put("factor", 8);
    assertNotEquals(Network.of(Published.LLAMA_3_2_1B.config()), Network.of(newer));
  }

  @Test
  void of_scalingWithoutItsFirstPositions_takesAllOfThem() throws JsonProcessingException {
    ObjectNode config = Published.LLAMA_3_2_1B.config().put("max_position_embeddings", 8192);
    Network stated = Network.of(config);
    config.withObject("/rope_scaling").remove("original_max_position_embeddings");
    assertEquals(stated, Network.of(config));
    config.put("original_max_position_embeddings", 4096);
    assertNotEquals(stated, Network.of(config));
  }

  @Test
  void of_gemma3InTheNewerSpelling_isTheSame() throws JsonProcessingException {
    ObjectNode newer = Published.GEMMA_3_270M.config();
    for (String key :
        List.of("rope_theta", "rope_local_base_freq", "rope_scaling", "_sliding_window_pattern")) {
      newer.remove(key);
    }
    ObjectNode rope = newer.putObject("rope_parameters");
    rope.putObject("full_attention").put("rope_type", "default").put("rope_theta", 1e6);
    rope.putObject("sliding_attention").put("rope_type", "default").put("rope_theta", 1e4);
    for (int layer = 1; layer <= 18; layer++) {
      newer.withArray("/layer_types").add(layer % 6 == 0 ? "full_attention" : "sliding_attention");
    }
    Network older = Network.of(Published.GEMMA_3_270M.config());
    assertEquals(older, Network.of(newer));
    List<DecoderLayer> stack = stack(older);
    assertEquals(511, stack.get(0).attention().reach());
    assertEquals(new Rotary(256, 10_000), stack.get(0).rotary());
    assertEquals(Attention.EVERYWHERE, stack.get(5).attention().reach());
    assertEquals(new Rotary(256, 1_000_000), stack.get(5).rotary());
    ((ObjectNode) rope.get("full_attention")).put("rope_type", "linear").put("factor", 8);
    ObjectNode scaled = Published.GEMMA_3_270M.config();
    scaled.putObject("rope_scaling").put("rope_type", "linear").put("factor", 8);
    assertEquals(Network.of(scaled), Network.of(newer));
    assertEquals(new Rotary(256, 10_000), stack(Network.of(scaled)).get(0).rotary());
  }

  @Test
  void of_exaoneWithAWindow_turnsTheWindowedLayersOnly() throws JsonProcessingException {
    ObjectNode config = Published.EXAONE_4_0_32B.config();
    List<DecoderLayer> stack = stack(Network.of(config));
    assertEquals(4095, stack.get(2).attention().reach());
    assertNull(stack.get(3).rotary());
    assertNull(stack.get(63).rotary());
    config.put("sliding_window_pattern", 4);
    assertEquals(stack, stack(Network.of(config)));
    config.put("sliding_window_pattern", "L");
    assertNull(stack(Network.of(config)).getLast().rotary(), "the last layer sees everything");
    config.putNull("sliding_window").putNull("sliding_window_pattern");
    for (DecoderLayer layer : stack(Network.of(config))) {
      assertEquals(Attention.EVERYWHERE, layer.attention().reach());
      assertTrue(layer.rotary() != null);
    }
  }

  @Test
  void of_windowThatIsNotUsed_isNone() throws JsonProcessingException {
    ObjectNode qwen = Published.QWEN2_5_0_5B.config().put("max_window_layers", 20);
    assertEquals(Attention.EVERYWHERE, stack(Network.of(qwen)).get(23).attention().reach());
    qwen.put("use_sliding_window", true);
    assertEquals(Attention.EVERYWHERE, stack(Network.of(qwen)).get(19).attention().reach());
    assertEquals(32_767, stack(Network.of(qwen)).get(20).attention().reach());
    ObjectNode mistral = Published.MISTRAL_7B.config();
    assertEquals(Attention.EVERYWHERE, stack(Network.of(mistral)).get(0).attention().reach());
    mistral.remove("sliding_window");
    assertEquals(4095, stack(Network.of(mistral)).get(0).attention().reach());
  }

  @Test
  void of_capOfNothing_isNone() throws JsonProcessingException {
    ObjectNode config = Published.GEMMA_2_2B.config();
    assertEquals(50, stack(Network.of(config)).get(0).attention().softCap());
    config.remove("attn_logit_softcapping");
    assertEquals(50, stack(Network.of(config)).get(0).attention().softCap());
    config.putNull("attn_logit_softcapping");
    assertEquals(0, stack(Network.of(config)).get(0).attention().softCap());
  }

  @Test
  void of_noPaddingToken_trainsEveryRow() throws JsonProcessingException {
    Network unnamed = Network.of(Published.LLAMA_3_2_1B.config());
    assertFalse(unnamed.trunk().padIsNamed());
    assertEquals(-1, unnamed.parameters().getFirst().zeroRow());
    Network named = Network.of(Published.LLAMA_3_2_1B.config().put("pad_token_id", 128_004));
    assertTrue(named.trunk().padIsNamed());
    assertEquals(128_004, named.parameters().getFirst().zeroRow());
  }

  @ParameterizedTest
  @CsvSource({
    "LLAMA_3_2_1B, /rope_scaling/rope_type, '\"yarn\"', UNSUPPORTED_MODEL,"
        + " 'config.json: rope_scaling: rope_type is ''yarn'', which is not supported; supported:"
        + " default, linear, llama3'",
    "LLAMA_3_2_1B, /rope_scaling/rope_type, '\"dynamic\"', UNSUPPORTED_MODEL, 'is ''dynamic'''",
    "QWEN3_0_6B, /rope_scaling, '{\"type\":\"longrope\"}', UNSUPPORTED_MODEL, 'is ''longrope'''",
    "QWEN3_0_6B, /rope_parameters, '{\"rope_type\":\"yarn\"}', UNSUPPORTED_MODEL,"
        + " 'rope_parameters: rope_type is ''yarn'''",
    "QWEN3_0_6B, /rope_scaling, '{\"type\":\"linear\"}', INVALID_MODEL,"
        + " rope_scaling: factor should be a number over 0",
    "QWEN3_0_6B, /rope_scaling, '\"linear\"', INVALID_MODEL, rope_scaling should be an object",
    "LLAMA_3_2_1B, /rope_scaling/high_freq_factor, 0.5, UNSUPPORTED_MODEL, high_freq_factor is",
    "LLAMA_3_2_1B, /partial_rotary_factor, 0.5, UNSUPPORTED_MODEL, partial_rotary_factor is '0.5'",
    "LLAMA_3_2_1B, /head_dim, 63, INVALID_MODEL, heads of 63 numbers cannot have rotary positions",
    "LLAMA_3_2_1B, /num_key_value_heads, 5, INVALID_MODEL,"
        + " 'num_attention_heads is 32, which num_key_value_heads (5) does not divide'",
    "LLAMA_3_2_1B, /hidden_act, '\"relu2\"', UNSUPPORTED_MODEL, hidden_act is 'relu2'",
    "LLAMA_3_2_1B, /pad_token_id, 128256, INVALID_MODEL, pad_token_id should be a token id",
    "QWEN3_0_6B, /rope_parameters, '{\"full_attention\":{}}', UNSUPPORTED_MODEL,"
        + " rope_parameters is 'one for each type of layer'",
    "GEMMA_3_270M, /rope_parameters, '{\"rope_theta\":1e6}', UNSUPPORTED_MODEL,"
        + " rope_parameters is 'one for all types of layer'",
    "GEMMA_3_270M, /use_bidirectional_attention, true, UNSUPPORTED_MODEL,"
        + " use_bidirectional_attention is 'true'",
    "GEMMA_3_270M, /attn_logit_softcapping, 50, UNSUPPORTED_MODEL, attn_logit_softcapping is '50'",
    "GEMMA_3_270M, /model_type, '\"gemma3\"', UNSUPPORTED_MODEL, model_type is 'gemma3'",
    "GEMMA_2_2B, /sliding_window, null, INVALID_MODEL, sliding_window should be a whole number",
    "GEMMA_2_2B, /layer_types, '[\"full_attention\"]', INVALID_MODEL, layer_types should be a list",
    "EXAONE_4_0_32B, /sliding_window_pattern, '\"LXG\"', UNSUPPORTED_MODEL, is 'LXG'",
  })
  void of_otherMathematics_isRefusedNamingTheKey(
      Published published, String at, String value, Reason reason, String fault)
      throws JsonProcessingException {
    ObjectNode config = published.config();
    JsonPointer pointer = JsonPointer.compile(at);
    ((ObjectNode) config.at(pointer.head()))
        .set(pointer.last().getMatchingProperty(), JSON.readTree(value));
    NunchiException e = assertThrows(NunchiException.class, () -> Network.of(config));
    assertEquals(reason, e.reason(), e.getMessage());
    assertTrue(e.getMessage().contains(fault), e.getMessage());
  }

  @Test
  void of_windowedLayersWithoutAWindow_isRefused() throws JsonProcessingException {
    ObjectNode config = Published.QWEN2_5_0_5B.config();
    for (int layer = 0; layer < 24; layer++) {
      config.withArray("/layer_types").add(layer < 23 ? "full_attention" : "sliding_attention");
    }
    NunchiException e = assertThrows(NunchiException.class, () -> Network.of(config));
    assertTrue(e.getMessage().contains("layer_types is 'sliding_attention'"), e.getMessage());
  }

  private static List<DecoderLayer> stack(Network network) {
    return assertInstanceOf(Decoder.class, network.trunk()).stack();
  }
}
