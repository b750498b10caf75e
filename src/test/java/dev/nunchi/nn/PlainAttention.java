package dev.nunchi.nn;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The attention of [PlainOps], one query after another.
record PlainAttention(
    PlainTensor query,
    PlainTensor key,
    PlainTensor value,
    @Nullable PlainTensor terms,
    PlainTensor attentionMask,
    Attention attention) {
  /// Far below every score, and finite: where nothing is seen, shares are equal.
  private static final double HIDDEN = -1e30;

  PlainTensor result() {
    PlainTensor result = PlainTensor.of(query.shape());
    for (int text = 0; text < query.axis(0); text++) {
      for (int head = 0; head < attention.heads(); head++) {
        for (int token = 0; token < query.axis(1); token++) {
          attend(text, head, token, result);
        }
      }
    }
    return result;
  }

  /// Fills one head of one token of the result.
  private void attend(int text, int head, int token, PlainTensor result) {
    int seq = query.axis(1);
    int width = attention.headDim();
    int keyHead = head / (attention.heads() / attention.keyHeads());
    int from = (text * seq + token) * query.width() + head * width;
    double[] shares = new double[seq];
    for (int j = 0; j < seq; j++) {
      int other = (text * seq + j) * key.width() + keyHead * width;
      double product = 0;
      for (int d = 0; d < width; d++) {
        product += query.values()[from + d] * key.values()[other + d];
      }
      double score = attention.scale() * product;
      if (terms != null) {
        score += terms.values()[((text * attention.heads() + head) * seq + token) * seq + j];
      }
      if (attention.softCap() > 0) {
        score = attention.softCap() * Math.tanh(score / attention.softCap());
      }
      boolean seen = attentionMask.values()[text * seq + j] != 0 && attention.sees(token, j);
      shares[j] = seen ? score : HIDDEN;
    }
    double largest = Arrays.stream(shares).max().orElseThrow();
    double sum = 0;
    for (int j = 0; j < seq; j++) {
      shares[j] = Math.exp(shares[j] - largest);
      sum += shares[j];
    }
    for (int j = 0; j < seq; j++) {
      int other = (text * seq + j) * value.width() + keyHead * width;
      for (int d = 0; d < width; d++) {
        result.values()[from + d] += shares[j] / sum * value.values()[other + d];
      }
    }
  }
}
