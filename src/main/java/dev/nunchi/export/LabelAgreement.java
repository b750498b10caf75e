package dev.nunchi.export;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import dev.nunchi.eval.Reliability;
import dev.nunchi.eval.WilsonInterval;
import dev.nunchi.export.Validation.LabelledText;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// How a rounded classifier stands beside the one in fp32 on labelled texts.
///
/// @param texts how many were compared
/// @param sameLabels texts that both give the same labels
/// @param sureChanges texts whose labels changed though fp32 was sure of them, see [#SURE]
/// @param exact what fp32 gives
/// @param rounded what the rounded model gives
/// @param accepted the least share of texts that both have to give the same labels
record LabelAgreement(
    int texts, int sameLabels, int sureChanges, Standing exact, Standing rounded, double accepted)
    implements Agreement {
  /// How far accuracies may lie apart, for each label that may change: 0.2 points at 99.5 %.
  private static final double ACCURACY_PER_LABEL = 0.4;

  /// The margin from which on a label is sure: between the two highest probabilities, or in a
  /// multi-label model twice the distance from one half.
  static final double SURE = 0.5;

  /// The most texts that may change a sure label, as a share of all; one may in any case.
  static final double MOST_SURE_CHANGES = 0.001;

  /// One model on the texts.
  ///
  /// @param right texts whose labels are all right
  /// @param calibrationError see [Reliability#expectedCalibrationError]
  record Standing(int right, double calibrationError) {}

  /// @param task of the model
  /// @param exact logits of fp32, in the order of the texts
  /// @param rounded logits of the rounded model
  /// @param accepted the least share of texts that both have to give the same labels
  static LabelAgreement of(
      Manifest.Task task,
      List<LabelledText> texts,
      List<float[]> exact,
      List<float[]> rounded,
      double accepted) {
    int same = 0;
    int sureChanges = 0;
    List<double[]> before = probabilities(task, exact);
    List<double[]> after = probabilities(task, rounded);
    for (int i = 0; i < texts.size(); i++) {
      if (predicted(task, before.get(i)).equals(predicted(task, after.get(i)))) {
        same++;
      } else if (margin(task.problemType(), before.get(i)) >= SURE) {
        sureChanges++;
      }
    }
    return new LabelAgreement(
        texts.size(),
        same,
        sureChanges,
        standing(task, texts, before),
        standing(task, texts, after),
        accepted);
  }

  private static List<double[]> probabilities(Manifest.Task task, List<float[]> logits) {
    return logits.stream()
        .map(row -> {
          double[] doubles = new double[row.length];
          Arrays.setAll(doubles, i -> row[i]);
          return task.problemType().probabilities(doubles, task.temperature());
        })
        .toList();
  }

  private static Set<String> predicted(Manifest.Task task, double[] probabilities) {
    Set<String> predicted = new HashSet<>();
    task.problemType()
        .predicted(Arrays.stream(probabilities).boxed().toList())
        .forEach(label -> predicted.add(task.labels().get(label).name()));
    return predicted;
  }

  /// How far the probabilities are from giving other labels, in [0, 1].
  private static double margin(ProblemType problemType, double[] probabilities) {
    return switch (problemType) {
      case SINGLE_LABEL_CLASSIFICATION -> {
        double[] sorted = Arrays.stream(probabilities).sorted().toArray();
        yield sorted.length < 2 ? 1 : sorted[sorted.length - 1] - sorted[sorted.length - 2];
      }
      case REGRESSION -> throw new IllegalArgumentException("A regression has no labels to keep");
      case MULTI_LABEL_CLASSIFICATION ->
          2
              * Arrays.stream(probabilities)
                  .map(probability -> Math.abs(probability - ProblemType.THRESHOLD))
                  .min()
                  .orElse(ProblemType.THRESHOLD);
    };
  }

  private static Standing standing(
      Manifest.Task task, List<LabelledText> texts, List<double[]> probabilities) {
    int right = 0;
    List<Double> stated = new ArrayList<>();
    List<Boolean> cameTrue = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      Set<String> actual = texts.get(i).labels();
      Set<String> predicted = predicted(task, probabilities.get(i));
      right += predicted.equals(actual) ? 1 : 0;
      switch (task.problemType()) {
        case SINGLE_LABEL_CLASSIFICATION -> {
          stated.add(Arrays.stream(probabilities.get(i)).max().orElseThrow());
          cameTrue.add(predicted.equals(actual));
        }
        case REGRESSION -> throw new IllegalArgumentException("A regression has no labels to keep");
        case MULTI_LABEL_CLASSIFICATION -> {
          LabelSet labels = task.labels();
          for (int label = 0; label < labels.size(); label++) {
            stated.add(probabilities.get(i)[label]);
            cameTrue.add(actual.contains(labels.get(label).name()));
          }
        }
      }
    }
    boolean[] outcomes = new boolean[cameTrue.size()];
    for (int i = 0; i < outcomes.length; i++) {
      outcomes[i] = cameTrue.get(i);
    }
    return new Standing(
        right,
        Reliability.of(stated.stream().mapToDouble(Double::doubleValue).toArray(), outcomes)
            .expectedCalibrationError());
  }

  @Override
  public int kept() {
    return sameLabels;
  }

  double sameLabelShare() {
    return (double) sameLabels / texts;
  }

  double accuracyChange() {
    return (double) (rounded.right() - exact.right()) / texts;
  }

  private double mostAccuracyChange() {
    return ACCURACY_PER_LABEL * (1 - accepted);
  }

  private int mostSureChanges() {
    return (int)
        Math.max(
            1,
            Math.floor(
                MOST_SURE_CHANGES * (1 - accepted) / (1 - ExportOptions.LEAST_AGREEMENT) * texts));
  }

  @Override
  public boolean holds() {
    // A change of one text in 500 is 0.2 points, also in binary fractions.
    return sameLabelShare() >= accepted - 1e-12
        && Math.abs(accuracyChange()) <= mostAccuracyChange() + 1e-12
        && sureChanges <= mostSureChanges();
  }

  @Override
  public String sentence() {
    WilsonInterval interval = WilsonInterval.of(rounded.right(), texts);
    return String.format(
        Locale.ROOT,
        "on %,d validation texts %.2f %% have the label of fp32, %d changed where fp32 was sure,"
            + " and the accuracy changes by %+.2f points, from %.2f %% to %.2f %% (95 %% interval"
            + " %.2f to %.2f), the calibration error from %.4f to %.4f",
        texts,
        100 * sameLabelShare(),
        sureChanges,
        100 * accuracyChange(),
        100.0 * exact.right() / texts,
        100.0 * rounded.right() / texts,
        100 * interval.low(),
        100 * interval.high(),
        exact.calibrationError(),
        rounded.calibrationError());
  }

  @Override
  public String wanted() {
    return String.format(
        Locale.ROOT,
        "it should be at least %s %%, at most %d and at most %.1f points",
        Agreement.percent(accepted),
        mostSureChanges(),
        100 * mostAccuracyChange());
  }

  @Override
  public List<String> notes(Precision precision) {
    List<String> notes = new ArrayList<>();
    String name = Agreement.sentenceName(precision);
    lessAccepted(name).ifPresent(notes::add);
    if (texts < ENOUGH_TEXTS) {
      notes.add(
          String.format(
              Locale.ROOT,
              "%s was compared with fp32 on %,d texts, of which %,d keep their label; fewer"
                  + " than %,d cannot show that %.1f %% do.",
              name,
              texts,
              sameLabels,
              ENOUGH_TEXTS,
              100 * ExportOptions.LEAST_AGREEMENT));
    }
    return notes;
  }

  private Optional<String> lessAccepted(String name) {
    return accepted >= ExportOptions.LEAST_AGREEMENT
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "%s was accepted with %s %% of the labels of fp32, not %.1f %%"
                    + " (--accept-agreement); %,d of %,d validation texts keep theirs.",
                name,
                Agreement.percent(accepted),
                100 * ExportOptions.LEAST_AGREEMENT,
                sameLabels,
                texts));
  }

  @Override
  public Map<String, Double> figures(Precision precision) {
    String name = precision.manifestName().replace('-', '_');
    Map<String, Double> figures = new TreeMap<>();
    figures.put("validation_label_agreement_with_fp32", sameLabelShare());
    figures.put("validation_sure_labels_changed_count", (double) sureChanges);
    figures.put("validation_accuracy_change_from_fp32", accuracyChange());
    figures.put("validation_accuracy_in_" + name, (double) rounded.right() / texts);
    figures.put("validation_calibration_error_in_fp32", exact.calibrationError());
    figures.put("validation_calibration_error_in_" + name, rounded.calibrationError());
    figures.put("validation_with_fp32_count", (double) texts);
    if (accepted < ExportOptions.LEAST_AGREEMENT) {
      figures.put("accepted_label_agreement_with_fp32", accepted);
    }
    return figures;
  }
}
