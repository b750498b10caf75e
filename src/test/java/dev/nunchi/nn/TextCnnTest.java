package dev.nunchi.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.torch.TorchNetwork;
import dev.nunchi.torch.TorchRuntime;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class TextCnnTest {
  private final ObjectNode config =
      new ObjectMapper()
          .createObjectNode()
          .put("model_type", "text_cnn")
          .put("vocab_size", 40)
          .put("num_labels", 3)
          .put("hidden_size", 6)
          .put("num_hidden_layers", 2)
          .put("kernel_size", 3)
          .put("max_position_embeddings", 16);

  private static PaddedBatch text(int seq, long... ids) {
    long[] padded = Arrays.copyOf(ids, seq);
    long[] mask = new long[seq];
    Arrays.fill(mask, 0, ids.length, 1);
    return new PaddedBatch(1, seq, padded, mask, new long[seq]);
  }

  @Test
  void logits_inTorch_areThoseOfDoubleArithmetic() {
    TorchRuntime.load(1);
    Network network = Network.of(config);
    RandomWeights weights = RandomWeights.of(network.parameters(), 3);
    PaddedBatch batch =
        new PaddedBatch(
            2,
            5,
            new long[] {2, 5, 6, 33, 3, 2, 7, 3, 0, 0},
            new long[] {1, 1, 1, 1, 1, 1, 1, 1, 0, 0},
            new long[10]);
    double[][] expected = PlainOps.logits(network, weights, batch);
    try (TorchNetwork torch = new TorchNetwork(network, weights)) {
      float[][] logits = torch.logits(batch);
      for (int row = 0; row < expected.length; row++) {
        for (int label = 0; label < 3; label++) {
          assertEquals(expected[row][label], logits[row][label], 1e-5);
        }
      }
    }
  }

  @Test
  void logits_paddingOfABatch_changesNothing() {
    Network network = Network.of(config);
    RandomWeights weights = RandomWeights.of(network.parameters(), 3);
    assertArrayEquals(
        PlainOps.logits(network, weights, text(4, 2, 5, 6, 3))[0],
        PlainOps.logits(network, weights, text(9, 2, 5, 6, 3))[0]);
  }

  /// Two layers of three tokens see two tokens to each side.
  @Test
  void hidden_layers_seeSoManyTokensEachSide() {
    Network network = Network.of(config);
    RandomWeights weights = RandomWeights.of(network.parameters(), 3);
    double[] before = hidden(network, weights, 5, 6, 7, 8, 9, 10, 11);
    double[] after = hidden(network, weights, 5, 6, 7, 8, 9, 10, 30);
    for (int token = 0; token < 7; token++) {
      boolean same =
          Arrays.equals(
              Arrays.copyOfRange(before, 6 * token, 6 * token + 6),
              Arrays.copyOfRange(after, 6 * token, 6 * token + 6));
      assertEquals(token < 4, same);
    }
  }

  private static double[] hidden(Network network, RandomWeights weights, long... ids) {
    PlainTensor tokens = PlainTensor.ofWhole(List.of(1, ids.length), ids);
    PlainTensor mask = PlainTensor.of(tokens.shape());
    Arrays.fill(mask.values(), 1);
    return network.trunk().hidden(new PlainOps(weights), new Inputs<>(tokens, mask, mask)).values();
  }

  @Test
  void usualTargets_adapters_goToTheConvolutions() {
    assertTrue(Family.usualTargets("text_cnn").match("text_cnn.encoder.layer.0.convolution"));
  }

  @Test
  void of_widthThatNoConvolutionCanHave_isRefused() {
    config.put("hidden_size", Integer.MAX_VALUE);
    NunchiException e = assertThrows(NunchiException.class, () -> Network.of(config));
    assertTrue(e.getMessage().contains("hidden_size should be"), e.getMessage());
  }

  @Test
  void of_evenKernel_isRefused() {
    config.put("kernel_size", 4);
    NunchiException e = assertThrows(NunchiException.class, () -> Network.of(config));
    assertEquals("config.json: kernel_size should be an odd number, but is 4", e.getMessage());
  }
}
