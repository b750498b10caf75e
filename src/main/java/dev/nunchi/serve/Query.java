package dev.nunchi.serve;

import dev.nunchi.text.Truncation;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// A request to classify one text, as both front ends read it.
///
/// @param model empty for the default model
/// @param context empty for none
/// @param topK how many labels are listed; 0 for all
/// @param evidenceSpans most spans of evidence, 0 for the default number; empty where none are
///   asked for
record Query(
    String text,
    String model,
    String context,
    Truncation truncation,
    int topK,
    OptionalDouble abstainBelow,
    OptionalInt evidenceSpans) {
  /// Spans of evidence where the caller does not say how many.
  static final int DEFAULT_EVIDENCE_SPANS = 3;

  static final int MOST_EVIDENCE_SPANS = 10;
}
