package dev.nunchi.cli;

import dev.nunchi.infer.Prediction;

/// Writes answers to standard output, one after the other.
@FunctionalInterface
interface AnswerWriter {
  void write(String text, Prediction prediction);
}
