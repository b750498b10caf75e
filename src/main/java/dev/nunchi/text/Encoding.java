package dev.nunchi.text;

import java.util.List;

/// One text as token ids, special tokens included, without padding.
///
/// @param inputIds token ids `[seq]`
/// @param tokenTypeIds segment of each token `[seq]`
/// @param spans where each token stands in the caller's text; [Span#NONE] for special tokens
/// @param tokenCount tokens of the whole text, special tokens included, before truncation
/// @param unknownCount tokens of `inputIds` that the vocabulary does not have
/// @param truncated whether tokens were left out
public record Encoding(
    int[] inputIds,
    int[] tokenTypeIds,
    List<Span> spans,
    int tokenCount,
    int unknownCount,
    boolean truncated) {
  /// Tokens that the network reads.
  public int length() {
    return inputIds.length;
  }
}
