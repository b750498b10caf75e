package dev.nunchi.infer;

import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;

/// What a model says about one text.
///
/// @param labels the labels in the order of `logits` and `scores`
/// @param logits one for each label, as the network gave them
/// @param scores one for each label, see [Scores]
/// @param tokenCount tokens of the whole text, special tokens included, before truncation
/// @param truncated whether tokens were left out
/// @param unknownTokenShare share of the tokens that were read which the vocabulary does not have,
///   special tokens counted in the whole; in [0, 1]
/// @param contextRead whether something of a context was among them
/// @param evidence by magnitude of the weight, the strongest first; empty unless asked for
/// @param queueDuration from being accepted to being run
/// @param inferenceDuration in the network, together with the texts of the same run
public record Prediction(
    LabelSet labels,
    List<Float> logits,
    Scores scores,
    int tokenCount,
    boolean truncated,
    double unknownTokenShare,
    boolean contextRead,
    List<Evidence> evidence,
    Duration queueDuration,
    Duration inferenceDuration) {
  public Prediction {
    logits = List.copyOf(logits);
    evidence = List.copyOf(evidence);
  }

  /// The label with the highest score; of equal ones the first.
  public Label best() {
    return labels.get(scores.best());
  }

  /// The labels that the text gets, in the order of the labels; where a text has any number of them
  /// that may be none.
  public List<Label> predicted(ProblemType problemType) {
    return problemType.predicted(scores.toList()).stream().map(labels::get).toList();
  }

  /// The score of [#best], in [0, 1]; 0 of a regression, which has none.
  public double confidence() {
    return value().isPresent() ? 0 : scores.get(scores.best());
  }

  /// The value that a regression gives; empty of a classifier.
  public OptionalDouble value() {
    return scores.value();
  }

  /// Where the text stands between wholly negative (-1) and wholly positive (+1); empty where a
  /// label has no polarity.
  public OptionalDouble polarity() {
    return scores.polarity(labels);
  }
}
