package dev.nunchi.eval;

/// A text with the value that a person gave it and the one that a regression did.
///
/// @param id the text's identifier in its file
/// @param tokenCount tokens of the whole text, special tokens included, before truncation
public record ValuedText(String id, String text, double actual, double answer, int tokenCount) {
  /// How far the answer is too high.
  public double error() {
    return answer - actual;
  }
}
