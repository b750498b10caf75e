package dev.nunchi.nn;

import org.jspecify.annotations.Nullable;

/// The encoder of DeBERTa: the layers of a [PostNormEncoder], whose attention adds terms of each
/// pair's distance (He et al., 2021, <https://arxiv.org/abs/2006.03654>).
///
/// The scores are `(q_i·k_j + q_i·kₚ(i - j) + k_j·qₚ(i - j)) / √(headDim · terms)` with one table
/// of distances for all layers, which each layer projects anew. The embeddings are projected before
/// their norm, and those of padding are zeros after it.
///
/// In transformers no token attends where the query is padding. Here one does, which changes
/// nothing in what the other tokens give.
///
/// @param addsPositions whether the embeddings have absolute positions too
/// @param distances null for attention without terms of distances
/// @param normsTable whether the table of distances goes through a norm
/// @param sharesProjections whether queries and keys of distances have the projections of the
///   tokens
/// @param queriesSeeDistances whether there is `q_i·kₚ(i - j)`
/// @param keysSeeDistances whether there is `k_j·qₚ(i - j)`
/// @param terms by which the scores are scaled
record DisentangledEncoder(
    PostNormEncoder body,
    boolean addsPositions,
    @Nullable RelativePositions distances,
    boolean normsTable,
    boolean sharesProjections,
    boolean queriesSeeDistances,
    boolean keysSeeDistances,
    int terms)
    implements Trunk {

  @Override
  public <T> T hidden(Ops<T> ops, Inputs<T> inputs) {
    T x = ops.scoped(() -> embeddings(ops, inputs));
    @Nullable RelativePositions positions = distances;
    @Nullable T table =
        positions == null ? null : ops.shared(ops.scoped(() -> table(ops, positions)));
    T mask = inputs.attentionMask();
    for (int layer = 0; layer < body.layers(); layer++) {
      T before = x;
      String name = layerPrefix(layer);
      x =
          ops.layer(
              before, in -> body.layer(ops, in, name, () -> attended(ops, in, table, mask, name)));
      ops.release(before);
    }
    return x;
  }

  private <T> T embeddings(Ops<T> ops, Inputs<T> inputs) {
    String name = prefix() + ".embeddings";
    int width = body.embeddingSize();
    T x =
        ops.embedding(
            inputs.inputIds(),
            new Embedding(name + ".word_embeddings", vocabularySize(), width, body.padTokenId()));
    if (addsPositions) {
      Embedding positions = Embedding.of(name + ".position_embeddings", body.positions(), width);
      x = ops.add(x, ops.positions(inputs.inputIds(), positions));
    }
    x = body.withTypes(ops, x, inputs);
    if (width != body.hiddenSize()) {
      x = ops.linear(x, new Linear(name + ".embed_proj", width, body.hiddenSize(), false));
    }
    T norm = ops.layerNorm(x, norm(name + ".LayerNorm"));
    return ops.dropout(ops.masked(norm, inputs.attentionMask()), body.hiddenDropout());
  }

  private <T> T table(Ops<T> ops, RelativePositions positions) {
    String name = prefix() + ".encoder";
    T table =
        ops.table(Embedding.of(name + ".rel_embeddings", positions.rows(), body.hiddenSize()));
    return normsTable ? ops.layerNorm(table, norm(name + ".LayerNorm")) : table;
  }

  private LayerNorm norm(String name) {
    return LayerNorm.of(name, body.hiddenSize(), body.epsilon());
  }

  private <T> T attended(Ops<T> ops, T x, @Nullable T table, T attentionMask, String name) {
    int headDim = body.hiddenSize() / body.heads();
    double scale = 1 / Math.sqrt((double) headDim * terms);
    T query = ops.linear(x, projection(name + body.names().query()));
    T key = ops.linear(x, projection(name + body.names().key()));
    T value = ops.linear(x, projection(name + body.names().value()));
    return ops.attention(
        query,
        key,
        value,
        table == null || distances == null
            ? null
            : terms(ops, query, key, table, distances, scale, name),
        attentionMask,
        new Attention(
            body.heads(),
            body.heads(),
            headDim,
            scale,
            body.attentionDropout(),
            false,
            Attention.EVERYWHERE,
            0));
  }

  private <T> @Nullable T terms(
      Ops<T> ops, T query, T key, T table, RelativePositions positions, double scale, String name) {
    T dropped = ops.dropout(table, body.hiddenDropout());
    @Nullable T ofQueries =
        queriesSeeDistances
            ? ops.distanceScores(
                query,
                dropped,
                scores(
                    name + (sharesProjections ? body.names().key() : "attention.self.pos_key_proj"),
                    positions,
                    scale,
                    false))
            : null;
    if (!keysSeeDistances) {
      return ofQueries;
    }
    T ofKeys =
        ops.distanceScores(
            key,
            dropped,
            scores(
                name + (sharesProjections ? body.names().query() : "attention.self.pos_query_proj"),
                positions,
                scale,
                true));
    return ofQueries == null ? ofKeys : ops.add(ofQueries, ofKeys);
  }

  private DistanceScores scores(
      String name, RelativePositions positions, double scale, boolean ofKeys) {
    return new DistanceScores(projection(name), body.heads(), positions, scale, ofKeys);
  }

  private Linear projection(String name) {
    return Linear.of(name, body.hiddenSize(), body.hiddenSize());
  }

  @Override
  public String prefix() {
    return body.prefix();
  }

  @Override
  public int vocabularySize() {
    return body.vocabularySize();
  }

  /// Relative positions end nowhere; this is what the family is published for.
  @Override
  public int maxPositions() {
    return body.maxPositions();
  }

  @Override
  public int padTokenId() {
    return body.padTokenId();
  }

  @Override
  public boolean readsTokenTypes() {
    return body.readsTokenTypes();
  }

  @Override
  public int layers() {
    return body.layers();
  }

  @Override
  public String layerPrefix(int layer) {
    return body.layerPrefix(layer);
  }

  @Override
  public String modernName(String name) {
    return body.modernName(name);
  }
}
