package dev.nunchi.nn;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The attention of [PlainOps], one query after another.
///
/// @param token whose query alone there is; null where every token has one
record PlainAttention(
    PlainTensor query,
    PlainTensor key,
    PlainTensor value,
    @Nullable PlainTensor terms,
    PlainTensor attentionMask,
    Attention attention,
    @Nullable Pooling token) {
  /// Far below every score, and finite: where nothing is seen, shares are equal.
  private static final double HIDDEN = -1e30;

  PlainTensor result() {
    PlainTensor result = PlainTensor.of(query.shape());
    for (int text = 0; text < query.axis(0); text++) {
      for (int head = 0; head < attention.heads(); head++) {
        for (int line = 0; line < query.axis(1); line++) {
          attend(text, head, line, result);
        }
      }
    }
    return result;
  }

  /// The place in the text of a line of the queries.
  private int place(int text, int line) {
    if (token != Pooling.LAST) {
      return line;
    }
    int last = 0;
    for (int j = 0; j < key.axis(1); j++) {
      last = attentionMask.values()[text * key.axis(1) + j] == 0 ? last : j;
    }
    return last;
  }

  /// Fills one head of one line of the result.
  private void attend(int text, int head, int line, PlainTensor result) {
    int seq = key.axis(1);
    int place = place(text, line);
    int width = attention.headDim();
    int keyHead = head / (attention.heads() / attention.keyHeads());
    int from = (text * query.axis(1) + line) * query.width() + head * width;
    double[] shares = new double[seq];
    for (int j = 0; j < seq; j++) {
      int other = (text * seq + j) * key.width() + keyHead * width;
      double product = 0;
      for (int d = 0; d < width; d++) {
        product += query.values()[from + d] * key.values()[other + d];
      }
      double score = attention.scale() * product;
      if (terms != null) {
        score += terms.values()[((text * attention.heads() + head) * seq + place) * seq + j];
      }
      if (attention.softCap() > 0) {
        score = attention.softCap() * Math.tanh(score / attention.softCap());
      }
      boolean seen = attentionMask.values()[text * seq + j] != 0 && attention.sees(place, j);
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
