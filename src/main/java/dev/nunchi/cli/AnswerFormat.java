package dev.nunchi.cli;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import java.io.PrintWriter;

/// How answers look.
enum AnswerFormat {
  /// For people.
  TABLE,
  /// A JSON object a line, with all that the model said.
  JSONL,
  /// Tab-separated values with a header.
  TSV;

  /// A writer that has written its header, if it has one.
  AnswerWriter writer(PrintWriter out, LabelSet labels, ProblemType problemType) {
    return switch (this) {
      case TABLE -> new TableAnswers(out, labels, problemType);
      case JSONL -> new JsonAnswers(out, problemType);
      case TSV -> new TsvAnswers(out, labels, problemType);
    };
  }
}
