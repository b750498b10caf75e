package dev.nunchi.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DebertaTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /// As microsoft/deberta-v3-base and mDeBERTa-v3 are published.
  @Test
  void of_publishedVersion3_hasTheirSizes() throws JsonProcessingException {
    Network network = Network.of(published());
    List<String> names = network.parameters().stream().map(Parameter::name).toList();
    assertEquals(
        List.of(512, 768),
        network.parameters().stream()
            .filter(one -> one.name().equals("deberta.encoder.rel_embeddings.weight"))
            .findFirst()
            .orElseThrow()
            .shape());
    assertTrue(names.contains("deberta.encoder.LayerNorm.weight"));
    assertTrue(names.contains("pooler.dense.weight"));
    assertFalse(names.stream().anyMatch(name -> name.matches(".*(pos_|position_|token_type).*")));
    assertEquals(512, network.maxPositions());
    assertFalse(network.trunk().readsTokenTypes());
  }

  @Test
  void of_eitherSpellingOfTheTerms_isTheSame() throws JsonProcessingException {
    ObjectNode list = published();
    list.putArray("pos_att_type").add("c2p").add("p2c");
    assertEquals(Network.of(published()), Network.of(list));
    assertEquals(Network.of(published()), Network.of(published().put("pos_att_type", "C2P | p2c")));
  }

  @Test
  void of_nothingButSizes_isAsTransformersTakesIt() throws JsonProcessingException {
    ObjectNode config =
        published()
            .retain(
                "model_type",
                "vocab_size",
                "hidden_size",
                "num_hidden_layers",
                "num_attention_heads",
                "intermediate_size");
    Network network = Network.of(config);
    List<String> names = network.parameters().stream().map(Parameter::name).toList();
    assertTrue(names.contains("deberta.embeddings.position_embeddings.weight"));
    assertFalse(names.contains("deberta.encoder.rel_embeddings.weight"));
    assertFalse(names.contains("deberta.embeddings.token_type_embeddings.weight"));
  }

  @Test
  void of_oneTermOnly_hasItsProjectionOnly() throws JsonProcessingException {
    ObjectNode config = published().put("share_att_key", false).put("pos_att_type", "p2c");
    List<String> names = Network.of(config).parameters().stream().map(Parameter::name).toList();
    assertTrue(names.contains("deberta.encoder.layer.11.attention.self.pos_query_proj.bias"));
    assertFalse(names.stream().anyMatch(name -> name.contains("pos_key_proj")));
  }

  @ParameterizedTest
  @CsvSource({
    "conv_kernel_size, 3, conv_kernel_size is '3'",
    "attention_head_size, 128, attention_head_size is '128'",
    "pooler_hidden_size, 100, pooler_hidden_size is '100'",
    "pos_att_type, 'p2p|c2p', pos_att_type is 'p2p'",
    "pos_att_type, , pos_att_type is ''",
    "norm_rel_ebd, batch_norm, norm_rel_ebd is 'batch_norm'",
    "pooler_hidden_act, mish, pooler_hidden_act is 'mish'",
    "model_type, deberta, model_type is 'deberta'",
  })
  void of_whatIsNotImplemented_isRefusedNamingTheKey(String key, String value, String fault)
      throws JsonProcessingException {
    assertRefused(published().put(key, value), Reason.UNSUPPORTED_MODEL, fault);
  }

  @Test
  void of_normWithoutRelativeAttention_isRefused() throws JsonProcessingException {
    assertRefused(
        published().put("relative_attention", false),
        Reason.UNSUPPORTED_MODEL,
        "norm_rel_ebd is 'layer_norm'");
  }

  @ParameterizedTest
  @CsvSource({
    "position_buckets, 1, 'position_buckets should be over 1'",
    "position_buckets, 1022, 'max_position_embeddings should be over 512'",
    "position_buckets, -2, 'position_buckets should be a whole number of at least -1'",
    "max_relative_positions, 128, 'max_relative_positions should be over 129'",
    "type_vocab_size, -1, 'type_vocab_size should be a whole number of at least 0'",
  })
  void of_sizesThatDoNotFit_isRefusedNamingTheKey(String key, int value, String fault)
      throws JsonProcessingException {
    assertRefused(published().put(key, value), Reason.INVALID_MODEL, fault);
  }

  private static void assertRefused(ObjectNode config, Reason reason, String fault) {
    NunchiException e = assertThrows(NunchiException.class, () -> Network.of(config));
    assertEquals(reason, e.reason());
    assertTrue(e.getMessage().contains(fault), e.getMessage());
  }

  private static ObjectNode published() throws JsonProcessingException {
    return (ObjectNode)
        JSON.readTree(
            """
            {
              "model_type": "deberta-v2",
              "attention_probs_dropout_prob": 0.1,
              "hidden_act": "gelu",
              "hidden_dropout_prob": 0.1,
              "hidden_size": 768,
              "initializer_range": 0.02,
              "intermediate_size": 3072,
              "max_position_embeddings": 512,
              "relative_attention": true,
              "position_buckets": 256,
              "norm_rel_ebd": "layer_norm",
              "share_att_key": true,
              "pos_att_type": "p2c|c2p",
              "layer_norm_eps": 1e-7,
              "max_relative_positions": -1,
              "position_biased_input": false,
              "num_attention_heads": 12,
              "num_hidden_layers": 12,
              "type_vocab_size": 0,
              "vocab_size": 128100
            }
            """);
  }
}
