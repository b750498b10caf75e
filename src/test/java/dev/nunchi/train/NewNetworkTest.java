package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NewNetworkTest {
  private static final long MACHINE_BYTES = 8_000_000_000L;

  private final ObjectNode config =
      new ObjectMapper()
          .createObjectNode()
          .put("model_type", "bert")
          .put("vocab_size", 100)
          .put("hidden_size", 8)
          .put("num_hidden_layers", 2)
          .put("num_attention_heads", 2)
          .put("intermediate_size", 16);

  @Test
  void check_networkThatFits_passes() {
    NewNetwork.check(config, MACHINE_BYTES);
    assertEquals(0.02, NewNetwork.deviation(config, "config.json"));
    config.put("initializer_range", 0.5);
    assertEquals(0.5, NewNetwork.deviation(config, "config.json"));
  }

  @ParameterizedTest
  @CsvSource({
    "hidden_size, 2147483646",
    "intermediate_size, 2147483647",
    "vocab_size, 2147483647",
    "max_position_embeddings, 2147483647"
  })
  void check_moreThanTheMachineHas_isRefusedBeforeAnyIsAllocated(String key, int size) {
    config.put(key, size);
    NunchiException refused = refused();
    assertEquals(Reason.INVALID_RECIPE, refused.reason());
    assertTrue(refused.getMessage().startsWith("model_config describes "), refused.getMessage());
    assertTrue(refused.getMessage().contains("8.0 GB"), refused.getMessage());
  }

  @Test
  void check_layersWithoutEnd_areRefusedBeforeTheyAreCounted() {
    config.put("num_hidden_layers", Integer.MAX_VALUE);
    assertEquals(
        "model_config: num_hidden_layers should be a whole number of at most 1000, but is"
            + " 2147483647",
        refused().getMessage());
  }

  @ParameterizedTest
  @CsvSource({"-0.1", "NaN", "Infinity"})
  void check_deviationOfNoNormalDistribution_isNamed(double deviation) {
    config.put("initializer_range", deviation);
    assertTrue(
        refused().getMessage().startsWith("model_config: initializer_range should be a number"),
        refused().getMessage());
  }

  private NunchiException refused() {
    return assertThrows(NunchiException.class, () -> NewNetwork.check(config, MACHINE_BYTES));
  }
}
