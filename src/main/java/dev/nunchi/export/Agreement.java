package dev.nunchi.export;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.export.ExportOptions.LabelledText;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// How a rounded model stands beside the one in fp32 on labelled texts.
///
/// @param texts how many were compared
/// @param sameLabels texts that both give the same labels
/// @param exactRight texts whose labels fp32 has all right
/// @param roundedRight texts whose labels the rounded model has all right
record Agreement(int texts, int sameLabels, int exactRight, int roundedRight) {
  /// The least share of texts that both give the same labels.
  static final double LEAST_SAME_LABELS = 0.995;

  /// Fewer than this cannot show the least share, even where all labels are the same: what was
  /// counted lies within its 95 % interval ([Wilson 1927](https://doi.org/10.2307/2276774)).
  static final int ENOUGH_TEXTS = 765;

  /// How far accuracies may lie apart.
  static final double MOST_ACCURACY_CHANGE = 0.002;

  /// @param exact logits of fp32, in the order of the texts
  /// @param rounded logits of the rounded model
  static Agreement of(
      LabelSet labels,
      ProblemType problemType,
      List<LabelledText> texts,
      List<float[]> exact,
      List<float[]> rounded) {
    int same = 0;
    int exactRight = 0;
    int roundedRight = 0;
    for (int i = 0; i < texts.size(); i++) {
      Set<String> before = predicted(labels, problemType, exact.get(i));
      Set<String> after = predicted(labels, problemType, rounded.get(i));
      same += before.equals(after) ? 1 : 0;
      exactRight += before.equals(texts.get(i).labels()) ? 1 : 0;
      roundedRight += after.equals(texts.get(i).labels()) ? 1 : 0;
    }
    return new Agreement(texts.size(), same, exactRight, roundedRight);
  }

  private static Set<String> predicted(LabelSet labels, ProblemType problemType, float[] logits) {
    Set<String> predicted = new TreeSet<>();
    switch (problemType) {
      case SINGLE_LABEL_CLASSIFICATION -> {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
          best = logits[i] > logits[best] ? i : best;
        }
        predicted.add(labels.get(best).name());
      }
      case REGRESSION -> throw new IllegalArgumentException("A regression has no labels to keep");
      case MULTI_LABEL_CLASSIFICATION -> {
        for (int i = 0; i < logits.length; i++) {
          // A probability of one half.
          if (logits[i] >= 0) {
            predicted.add(labels.get(i).name());
          }
        }
      }
    }
    return predicted;
  }

  double sameLabelShare() {
    return (double) sameLabels / texts;
  }

  double accuracyChange() {
    return (double) (roundedRight - exactRight) / texts;
  }

  /// @throws NunchiException `FAILED_CHECK` where the rounded model is too far from fp32
  void require() {
    if (sameLabelShare() < LEAST_SAME_LABELS || Math.abs(accuracyChange()) > MOST_ACCURACY_CHANGE) {
      throw new NunchiException(
          Reason.FAILED_CHECK,
          String.format(
              Locale.ROOT,
              "on %,d validation texts %.2f %% have the label of fp32 and the accuracy changes by"
                  + " %+.2f points; it should be at least %.1f %%, and at most %.1f points",
              texts,
              100 * sameLabelShare(),
              100 * accuracyChange(),
              100 * LEAST_SAME_LABELS,
              100 * MOST_ACCURACY_CHANGE));
    }
  }

  /// Says so where the texts are too few for the figures to mean much.
  Optional<String> note() {
    return texts >= ENOUGH_TEXTS
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "Int8 was compared with fp32 on %,d texts, of which %,d keep their label; fewer"
                    + " than %,d cannot show that %.1f %% do.",
                texts,
                sameLabels,
                ENOUGH_TEXTS,
                100 * LEAST_SAME_LABELS));
  }

  /// The figures under the names that a manifest's `quality` has them by.
  Map<String, Double> figures() {
    return Map.of(
        "validation_label_agreement_with_fp32",
        sameLabelShare(),
        "validation_accuracy_change_from_fp32",
        accuracyChange(),
        "validation_with_fp32_count",
        (double) texts);
  }
}
