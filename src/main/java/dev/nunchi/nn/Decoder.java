package dev.nunchi.nn;

import java.util.List;

/// The decoder that Llama is, and after it Mistral, Qwen, Gemma and EXAONE (Touvron et al., 2023,
/// <https://arxiv.org/abs/2302.13971>): a token sees itself and what is before it, and the last one
/// the whole text.
///
/// `x = scale · word`, then the layers, at last a norm. There is no table of positions, no model of
/// language and no cache: a text is read once.
///
/// @param embeddingScale of the embeddings, rounded to fp32; 1 for none
/// @param stack the layers, from the embeddings up
/// @param padTokenId the id that pads; no token of a text sees padding that attention masks
/// @param padIsNamed whether the configuration names that id, whose row of the table is then not
///   trained, as in transformers
record Decoder(
    int vocabularySize,
    float embeddingScale,
    List<DecoderLayer> stack,
    int maxPositions,
    int padTokenId,
    boolean padIsNamed)
    implements Trunk {
  private static final String PREFIX = "model";

  Decoder {
    stack = List.copyOf(stack);
  }

  @Override
  public <T> T hidden(Ops<T> ops, Inputs<T> inputs) {
    return hidden(ops, inputs, false);
  }

  @Override
  public <T> T pooled(Ops<T> ops, Inputs<T> inputs, Pooling pooling) {
    boolean ofLast = pooling == Pooling.LAST && stack.getLast().seesAllBefore();
    T x = hidden(ops, inputs, ofLast);
    return ops.pool(x, inputs.attentionMask(), pooling);
  }

  /// @param ofLast whether the last layer is computed for the last token alone, `[batch, 1,
  ///   hidden]`
  private <T> T hidden(Ops<T> ops, Inputs<T> inputs, boolean ofLast) {
    T x = ops.scoped(() -> embeddings(ops, inputs));
    for (int layer = 0; layer < layers(); layer++) {
      boolean alone = ofLast && layer == layers() - 1;
      DecoderLayer applied = stack.get(layer);
      String name = layerPrefix(layer);
      T before = x;
      x = ops.layer(before, in -> applied.apply(ops, in, inputs.attentionMask(), name, alone));
      ops.release(before);
    }
    T last = x;
    T normed = ops.scoped(() -> ops.rmsNorm(last, norm()));
    ops.release(last);
    return normed;
  }

  private <T> T embeddings(Ops<T> ops, Inputs<T> inputs) {
    T word =
        ops.embedding(
            inputs.inputIds(),
            new Embedding(
                PREFIX + ".embed_tokens",
                vocabularySize,
                stack.getFirst().hiddenSize(),
                padIsNamed ? padTokenId : -1));
    return embeddingScale == 1 ? word : ops.scale(word, embeddingScale);
  }

  private RmsNorm norm() {
    DecoderLayer last = stack.getLast();
    return last.norms().of(PREFIX + ".norm", last.hiddenSize());
  }

  @Override
  public String prefix() {
    return PREFIX;
  }

  @Override
  public boolean readsTokenTypes() {
    return false;
  }

  @Override
  public int layers() {
    return stack.size();
  }

  @Override
  public String layerPrefix(int layer) {
    return PREFIX + ".layers.%d.".formatted(layer);
  }
}
