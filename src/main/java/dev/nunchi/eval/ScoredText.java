package dev.nunchi.eval;

import java.util.List;

/// A labelled text and what a model said about it.
///
/// @param id the text's identifier in its file
/// @param actual index of the label that a person gave it
/// @param logits one for each label, finite
/// @param tokenCount tokens of the whole text, special tokens included, before truncation
public record ScoredText(String id, String text, int actual, List<Double> logits, int tokenCount) {
  public ScoredText {
    logits = List.copyOf(logits);
  }
}
