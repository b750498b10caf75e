package dev.nunchi.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.data.Example;
import dev.nunchi.eval.Comparison;
import dev.nunchi.eval.DifferenceInterval;
import dev.nunchi.eval.PairedOutcomes;
import dev.nunchi.model.Manifest;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// What another model says of the texts that a model was evaluated on; the option `--compare`.
///
/// @param predicted the names of the labels that it gives each text
record ComparedModel(Comparison comparison, List<List<String>> predicted) {
  /// @param model what the evaluated model's directory says
  /// @param run its evaluation
  /// @param path where the other model is
  /// @param other what that directory says
  static ComparedModel of(
      Manifest model,
      EvaluationRun run,
      Path path,
      Manifest other,
      List<List<String>> predictedByOther) {
    return new ComparedModel(
        Comparison.of(
            other.name().equals(model.name()) ? path.toString() : other.name(),
            other.proof().revision(),
            sets(run.examples().stream().map(Example::labels).toList()),
            sets(run.predicted()),
            sets(predictedByOther)),
        predictedByOther);
  }

  /// @throws NunchiException `INVALID_ARGUMENT` where the two do not answer the same question
  static void requireComparable(Path path, Manifest model, Path otherPath, Manifest other) {
    if (model.task().problemType() == ProblemType.REGRESSION) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "--compare counts the labels that are right, and %s is a regression, which has none; leave it out"
              .formatted(path));
    }
    if (model.task().problemType() != other.task().problemType()) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "--compare: %s is a %s and %s a %s; models of one kind are compared"
              .formatted(
                  path,
                  model.task().problemType().configName(),
                  otherPath,
                  other.task().problemType().configName()));
    }
    List<String> labels = model.task().labels().names();
    List<String> others = other.task().labels().names();
    if (!Set.copyOf(labels).equals(Set.copyOf(others))) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "--compare: %s has the labels %s and %s has %s; models of the same labels are compared"
              .formatted(path, String.join(", ", labels), otherPath, String.join(", ", others)));
    }
  }

  /// The figures for people.
  String summary() {
    PairedOutcomes outcomes = comparison.outcomes();
    DifferenceInterval interval = outcomes.interval();
    return String.format(
        Locale.ROOT,
        "%nbeside %s: accuracy %.4f against %.4f, %+.4f (95 %% interval %+.4f to %+.4f)%n"
            + "right alone: %,d texts, the other %,d; McNemar's exact test: p = %s, %s%n",
        comparison.other(),
        outcomes.firstAccuracy(),
        outcomes.secondAccuracy(),
        outcomes.difference(),
        interval.low(),
        interval.high(),
        outcomes.firstAlone(),
        outcomes.secondAlone(),
        comparison.probability(),
        comparison.verdict());
  }

  /// The figures for programs.
  void write(ObjectNode json) {
    PairedOutcomes outcomes = comparison.outcomes();
    DifferenceInterval interval = outcomes.interval();
    json.put("model", comparison.other())
        .put("revision", comparison.revision())
        .put("accuracy", outcomes.secondAccuracy())
        .put("accuracy_difference", outcomes.difference())
        .put("accuracy_difference_low", interval.low())
        .put("accuracy_difference_high", interval.high())
        .put("both_right", outcomes.bothRight())
        .put("this_right_alone", outcomes.firstAlone())
        .put("other_right_alone", outcomes.secondAlone())
        .put("neither_right", outcomes.neither())
        .put("mcnemar_p", outcomes.mcNemar());
  }

  private static List<Set<String>> sets(List<List<String>> labels) {
    return labels.stream().map(Set::copyOf).toList();
  }
}
