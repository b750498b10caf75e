package dev.nunchi.nn;

/// What a family of networks is: from the tokens of a text to what a [Head] reads, with the
/// family's own names.
public sealed interface Trunk
    permits PostNormEncoder, DisentangledEncoder, ModernBert, Decoder, NgramNumbers, TextCnn {
  /// The last layer's output `[batch, seq, hidden]`; of n-grams their numbers `[batch, any]`.
  <T> T hidden(Ops<T> ops, Inputs<T> inputs);

  /// One vector of every text, `[batch, hidden]`, of what [#hidden] gives.
  ///
  /// Where one token's is asked for, a trunk may compute its last layer for that token alone: what
  /// the others would give is read by nothing.
  default <T> T pooled(Ops<T> ops, Inputs<T> inputs, Pooling pooling) {
    return ops.pool(hidden(ops, inputs), inputs.attentionMask(), pooling);
  }

  /// The first part of the names of its parameters, which a trunk that is saved alone leaves out;
  /// empty where it has no parameters.
  String prefix();

  int vocabularySize();

  /// The longest input in tokens, special tokens included.
  int maxPositions();

  /// The id that pads the shorter texts of a batch.
  int padTokenId();

  /// Whether that id is one that the configuration names or the family has, and no stand-in.
  default boolean padIsNamed() {
    return true;
  }

  /// Whether its answer depends on the segment of each token.
  boolean readsTokenTypes();

  /// Layers between the embeddings and the head.
  int layers();

  /// How the names of a layer's parameters begin, for example `bert.encoder.layer.3.`.
  ///
  /// @param layer in `[0, layers)`
  String layerPrefix(int layer);

  /// The name of a parameter that a checkpoint has under a name of older versions of its format;
  /// itself where it is none.
  default String modernName(String name) {
    return name;
  }
}
