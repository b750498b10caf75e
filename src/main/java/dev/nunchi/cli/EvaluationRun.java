package dev.nunchi.cli;

import dev.nunchi.data.Example;
import dev.nunchi.data.ReadingNotes;
import dev.nunchi.eval.Robustness;
import dev.nunchi.infer.Prediction;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One evaluation: what was read, what the model said of it, and what that tells.
///
/// @param notes about the rows of the file
/// @param predictions of the examples, in their order
/// @param unknownShare share of the tokens that the vocabulary does not have
/// @param compared what another model says of the same texts, null where none was asked
record EvaluationRun(
    ReadingNotes notes,
    List<Example> examples,
    List<Prediction> predictions,
    EvaluationOutcome outcome,
    double unknownShare,
    Robustness robustness,
    @Nullable ComparedModel compared) {
  EvaluationRun beside(ComparedModel other) {
    return new EvaluationRun(
        notes, examples, predictions, outcome, unknownShare, robustness, other);
  }

  /// The names of the labels that the model gives each text.
  List<List<String>> predicted() {
    return predictions.stream().map(outcome::predicted).toList();
  }
}
