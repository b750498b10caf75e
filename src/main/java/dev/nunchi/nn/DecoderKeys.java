package dev.nunchi.nn;

import java.util.List;
import java.util.OptionalInt;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What the configurations of decoders have in common, as transformers reads it.
///
/// @param keyHeads heads of keys and values
record DecoderKeys(
    Configuration config, int hiddenSize, int layers, int heads, int keyHeads, int headDim) {
  private static final String HEAD_DIM = "head_dim";
  private static final String PAD = "pad_token_id";
  private static final String WINDOW = "sliding_window";

  /// Where no width of the heads is stated, they share `hidden_size`.
  static DecoderKeys of(Configuration config) {
    int hiddenSize = config.size("hidden_size");
    int heads = config.size("num_attention_heads");
    if (!config.has(HEAD_DIM)) {
      config.requireDivisible("hidden_size", hiddenSize, "num_attention_heads", heads);
    }
    return of(config, Math.max(1, hiddenSize / heads));
  }

  /// @param headDim where no width of the heads is stated
  static DecoderKeys of(Configuration config, int headDim) {
    int heads = config.size("num_attention_heads");
    int keyHeads = config.size("num_key_value_heads", heads);
    config.requireDivisible("num_attention_heads", heads, "num_key_value_heads", keyHeads);
    return new DecoderKeys(
        config,
        config.size("hidden_size"),
        config.layers("num_hidden_layers"),
        heads,
        keyHeads,
        config.size(HEAD_DIM, headDim));
  }

  RotaryKeys rotary() {
    return new RotaryKeys(config, headDim);
  }

  /// Attention to every token before.
  Attention attention() {
    return attention(headDim, 0);
  }

  /// @param scalar whose root divides the products
  /// @param softCap 0 for none
  Attention attention(double scalar, double softCap) {
    return new Attention(
        heads,
        keyHeads,
        headDim,
        1 / Math.sqrt(scalar),
        config.probability("attention_dropout", 0),
        true,
        Attention.EVERYWHERE,
        softCap);
  }

  /// Without biases and norms of heads.
  DecoderLayer layer(
      DecoderLayer.Norms norms,
      Activation activation,
      Attention attention,
      @Nullable Rotary rotary) {
    return new DecoderLayer(
        hiddenSize,
        config.size("intermediate_size"),
        activation,
        norms,
        false,
        false,
        false,
        false,
        attention,
        rotary);
  }

  /// How far before itself a token sees in a window of `sliding_window` tokens, itself included.
  ///
  /// @param usual the window where no key says it; null says that there is none, which is refused
  int reach(int usual) {
    return (config.isNull(WINDOW) ? config.size(WINDOW) : config.size(WINDOW, usual)) - 1;
  }

  boolean hasNoWindow() {
    return config.isNull(WINDOW);
  }

  /// The classifier: these layers, the last token's vector, and logits without a bias.
  ///
  /// @param embeddingScale of the embeddings, 1 for none
  /// @param layers that of each number
  Network network(
      String modelType,
      String architecture,
      double embeddingScale,
      IntFunction<DecoderLayer> layers) {
    int vocabularySize = config.size("vocab_size");
    OptionalInt pad = config.namedTokenId(PAD, vocabularySize);
    Decoder decoder =
        new Decoder(
            vocabularySize,
            (float) embeddingScale,
            IntStream.range(0, this.layers).mapToObj(layers).toList(),
            config.size("max_position_embeddings", Family.positions(modelType)),
            pad.orElse(0),
            pad.isPresent());
    return new Network(
        modelType,
        architecture,
        decoder,
        new Classifier(
            Pooling.LAST,
            0,
            null,
            0,
            new Linear("score", hiddenSize, config.labels(), false),
            List.of("score.")));
  }
}
