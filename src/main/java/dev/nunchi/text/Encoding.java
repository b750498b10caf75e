package dev.nunchi.text;

import java.util.List;

/// One text as token ids, special tokens included, without padding.
///
/// The arrays are the record's own: whoever reads them leaves them as they are.
///
/// @param inputIds token ids `[seq]`
/// @param tokenTypeIds segment of each token `[seq]`: 0 for the text, 1 for its context where the
///   tokenizer tells them apart
/// @param spans where each token stands in the caller's text (or, for a token of the context, in
///   the context); [Span#NONE] for special tokens
/// @param tokenCount tokens of the whole text, special tokens included, before truncation
/// @param unknownCount tokens of `inputIds` that the vocabulary does not have
/// @param truncated whether tokens were left out
/// @param contextStart index in `inputIds` of the first token of the context, which comes after the
///   text; `length()` where none was kept or there is none
public record Encoding(
    int[] inputIds,
    int[] tokenTypeIds,
    List<Span> spans,
    int tokenCount,
    int unknownCount,
    boolean truncated,
    int contextStart) {
  /// The encoding of a text without a context.
  public Encoding(
      int[] inputIds,
      int[] tokenTypeIds,
      List<Span> spans,
      int tokenCount,
      int unknownCount,
      boolean truncated) {
    this(inputIds, tokenTypeIds, spans, tokenCount, unknownCount, truncated, inputIds.length);
  }

  /// Tokens that the network reads.
  public int length() {
    return inputIds.length;
  }

  /// Whether the network reads something of the context.
  public boolean hasContext() {
    return contextStart < length();
  }
}
