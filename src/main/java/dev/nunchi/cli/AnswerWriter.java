package dev.nunchi.cli;

import dev.nunchi.infer.Prediction;

/// Writes what became of texts, one after the other, a line for each.
interface AnswerWriter {
  void answer(String text, Prediction prediction);

  /// In the place of an answer.
  void refusal(Refusal refusal);
}
