package dev.nunchi.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/// What stands between an evaluation's figures and believing them, one sentence each: too few
/// texts, the same answer to all of them, answers that chance would give as well.
public final class Cautions {
  /// With fewer an accuracy of 0.9 may as well be one of 0.83.
  static final int FEW_TEXTS = 100;

  /// What a temperature is fitted on: where all answers are right, more certainty always fits
  /// better.
  static final int FEW_MISTAKES = 10;

  private static final double TWO_STANDARD_ERRORS = 1.96;

  private Cautions() {}

  public static List<String> of(EvaluationResult result) {
    ConfusionMatrix matrix = result.matrix();
    List<String> cautions = new ArrayList<>(fewTexts("accuracy", result.metrics()));
    boolean severalLabels = labelsWithRows(matrix) > 1;
    Optional<String> only = onlyAnswer(matrix);
    if (severalLabels && only.isPresent()) {
      cautions.add(
          format(
              "Every one of the %,d texts gets the label %s; the accuracy is that label's share.",
              matrix.total(), only.get()));
    } else if (severalLabels
        && matrix.matthewsCorrelation() * Math.sqrt(matrix.total()) < TWO_STANDARD_ERRORS) {
      cautions.add(
          format(
              "Answers that have nothing to do with the %,d texts could look like these (Matthews"
                  + " correlation %.2f).",
              matrix.total(), matrix.matthewsCorrelation()));
    }
    return List.copyOf(cautions);
  }

  public static List<String> of(MultiLabelResult result) {
    List<String> cautions = new ArrayList<>(fewTexts("subset_accuracy", result.metrics()));
    List<String> given =
        IntStream.range(0, result.labels().size())
            .filter(label -> given(result.counts().get(label)) > 0)
            .mapToObj(label -> result.labels().get(label).name())
            .toList();
    boolean all =
        result.counts().stream()
            .allMatch(counts -> given(counts) == 0 || given(counts) == counts.total());
    boolean wrong =
        result.counts().stream()
            .anyMatch(counts -> counts.falsePositives() + counts.falseNegatives() > 0);
    if (all && wrong) {
      cautions.add(
          format(
              "Every one of the %,d texts gets %s.",
              result.counts().getFirst().total(),
              given.isEmpty() ? "no label" : "the same labels, " + String.join(" ", given)));
    }
    return List.copyOf(cautions);
  }

  public static List<String> of(RegressionResult result) {
    Map<String, Double> metrics = result.metrics();
    long count = (long) figure(metrics, "count");
    List<String> cautions = new ArrayList<>();
    if (count < FEW_TEXTS) {
      cautions.add(
          format(
              "The mean absolute error %.4f is that of %,d texts; with 95 %% confidence it lies"
                  + " between %.4f and %.4f.",
              figure(metrics, "mae"),
              count,
              figure(metrics, "mae_low"),
              figure(metrics, "mae_high")));
    }
    if (figure(metrics, "pearson_low") <= 0) {
      cautions.add(
          format(
              "Answers that have nothing to do with the %,d texts could look like these (Pearson"
                  + " correlation %.2f).",
              count, figure(metrics, "pearson")));
    }
    return List.copyOf(cautions);
  }

  /// About a temperature that was fitted on validation texts.
  ///
  /// @param mistakes texts that are not answered rightly
  public static Optional<String> ofTemperature(double temperature, long texts, long mistakes) {
    return texts >= FEW_TEXTS && mistakes >= FEW_MISTAKES
        ? Optional.empty()
        : Optional.of(
            format(
                "The temperature %.2f rests on %,d texts with %,d mistakes, which cannot say how"
                    + " far confidences are to be trusted; %d texts with %d mistakes could.",
                temperature, texts, mistakes, FEW_TEXTS, FEW_MISTAKES));
  }

  private static List<String> fewTexts(String figure, Map<String, Double> metrics) {
    long count = (long) figure(metrics, "count");
    return count >= FEW_TEXTS
        ? List.of()
        : List.of(
            format(
                "The accuracy %.4f is that of %,d texts; with 95 %% confidence it lies between %.4f"
                    + " and %.4f.",
                figure(metrics, figure),
                count,
                figure(metrics, figure + "_low"),
                figure(metrics, figure + "_high")));
  }

  private static double figure(Map<String, Double> metrics, String name) {
    return Objects.requireNonNull(metrics.get(name), name);
  }

  private static int labelsWithRows(ConfusionMatrix matrix) {
    return (int)
        IntStream.range(0, matrix.labels().size()).filter(l -> matrix.support(l) > 0).count();
  }

  private static Optional<String> onlyAnswer(ConfusionMatrix matrix) {
    return IntStream.range(0, matrix.labels().size())
        .filter(label -> matrix.predicted(label) == matrix.total())
        .mapToObj(label -> matrix.labels().get(label).name())
        .findFirst();
  }

  private static long given(BinaryCounts counts) {
    return counts.truePositives() + counts.falsePositives();
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
