package dev.nunchi.text;

import java.util.List;

/// Encodings side by side, the shorter ones padded on the right; every array is `[batch, seq]`, row
/// after row.
public record PaddedBatch(
    int batch, int seq, long[] inputIds, long[] attentionMask, long[] tokenTypeIds) {
  /// @param padTokenId the id at the padded places
  public static PaddedBatch of(List<Encoding> encodings, int padTokenId) {
    int seq = encodings.stream().mapToInt(Encoding::length).max().orElseThrow();
    int batch = encodings.size();
    long[] inputIds = new long[batch * seq];
    long[] attentionMask = new long[batch * seq];
    long[] tokenTypeIds = new long[batch * seq];
    for (int row = 0; row < batch; row++) {
      Encoding encoding = encodings.get(row);
      for (int i = 0; i < seq; i++) {
        int at = row * seq + i;
        if (i < encoding.length()) {
          inputIds[at] = encoding.inputIds()[i];
          attentionMask[at] = 1;
          tokenTypeIds[at] = encoding.tokenTypeIds()[i];
        } else {
          inputIds[at] = padTokenId;
        }
      }
    }
    return new PaddedBatch(batch, seq, inputIds, attentionMask, tokenTypeIds);
  }

  /// Tokens that are not padding.
  public long tokens() {
    long tokens = 0;
    for (long mask : attentionMask) {
      tokens += mask;
    }
    return tokens;
  }
}
