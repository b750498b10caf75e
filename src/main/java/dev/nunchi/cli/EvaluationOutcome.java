package dev.nunchi.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import dev.nunchi.data.Example;
import dev.nunchi.eval.Cautions;
import dev.nunchi.eval.ClassificationReport;
import dev.nunchi.eval.Comparison;
import dev.nunchi.eval.ConfusionMatrix;
import dev.nunchi.eval.EvaluationReport;
import dev.nunchi.eval.HtmlReport;
import dev.nunchi.eval.LearningCurves;
import dev.nunchi.eval.MultiLabelHtmlReport;
import dev.nunchi.eval.MultiLabelReport;
import dev.nunchi.eval.RegressionHtmlReport;
import dev.nunchi.eval.RegressionReport;
import dev.nunchi.eval.Robustness;
import dev.nunchi.eval.ScoredText;
import dev.nunchi.eval.Subject;
import dev.nunchi.eval.ValuedText;
import dev.nunchi.eval.WilsonInterval;
import dev.nunchi.infer.Prediction;
import dev.nunchi.model.Manifest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What an evaluation found, for people and for programs.
sealed interface EvaluationOutcome {
  LabelSet labels();

  /// The content of `metrics.json`, without what noise did.
  ObjectNode metricsJson();

  /// The content of `report.html`.
  ///
  /// @param comparison null for none
  String reportHtml(Robustness robustness, @Nullable Comparison comparison);

  /// What a reader of the figures should know, one sentence each.
  List<String> cautions();

  /// What the command prints.
  String summary();

  /// Whether a text has one label, any number of them, or a value.
  ProblemType problemType();

  /// The names of the labels that a prediction gives a text.
  default List<String> predicted(Prediction prediction) {
    return prediction.predicted(problemType()).stream().map(Label::name).toList();
  }

  /// Measures predictions for examples, which are in the same order.
  static EvaluationOutcome of(
      Manifest manifest,
      String data,
      List<Example> examples,
      List<Prediction> predictions,
      LearningCurves curves) {
    Subject subject = new Subject(manifest.name(), manifest.proof().revision(), data);
    return switch (manifest.task().problemType()) {
      case SINGLE_LABEL_CLASSIFICATION ->
          new SingleLabel(
              EvaluationReport.of(
                  subject,
                  manifest.task().labels(),
                  scored(manifest.task().labels(), examples, predictions),
                  manifest.task().temperature(),
                  curves));
      case MULTI_LABEL_CLASSIFICATION ->
          new MultiLabel(
              MultiLabelReport.of(
                  subject,
                  manifest.task().labels(),
                  actual(manifest.task().labels(), examples),
                  logits(predictions),
                  manifest.task().temperature(),
                  curves));
      case REGRESSION ->
          new Regression(
              manifest.task().labels(),
              RegressionReport.of(
                  subject,
                  manifest.task().labels().get(0).name(),
                  valued(examples, predictions),
                  curves));
    };
  }

  /// What is found of one made-up text, for the names of the figures, which do not depend on the
  /// texts.
  static EvaluationOutcome ofMadeUpText(Manifest manifest) {
    Subject subject = new Subject(manifest.name(), manifest.proof().revision(), "");
    LabelSet labels = manifest.task().labels();
    return switch (manifest.task().problemType()) {
      case SINGLE_LABEL_CLASSIFICATION ->
          new SingleLabel(
              EvaluationReport.of(
                  subject,
                  labels,
                  List.of(new ScoredText("", "", 0, Collections.nCopies(labels.size(), 0.0), 1)),
                  1,
                  LearningCurves.NONE));
      case MULTI_LABEL_CLASSIFICATION ->
          new MultiLabel(
              MultiLabelReport.of(
                  subject,
                  labels,
                  new boolean[1][labels.size()],
                  new double[1][labels.size()],
                  1,
                  LearningCurves.NONE));
      case REGRESSION ->
          new Regression(
              labels,
              RegressionReport.of(
                  subject,
                  labels.get(0).name(),
                  List.of(new ValuedText("", "", 0, 0, 1)),
                  LearningCurves.NONE));
    };
  }

  private static List<ValuedText> valued(List<Example> examples, List<Prediction> predictions) {
    List<ValuedText> texts = new ArrayList<>(examples.size());
    for (int i = 0; i < examples.size(); i++) {
      Example example = examples.get(i);
      Prediction prediction = predictions.get(i);
      texts.add(
          new ValuedText(
              example.id(),
              example.text(),
              example.value(),
              prediction.value().orElseThrow(),
              prediction.tokenCount()));
    }
    return texts;
  }

  private static List<ScoredText> scored(
      LabelSet labels, List<Example> examples, List<Prediction> predictions) {
    List<ScoredText> texts = new ArrayList<>(examples.size());
    for (int i = 0; i < examples.size(); i++) {
      Example example = examples.get(i);
      texts.add(
          new ScoredText(
              example.id(),
              example.text(),
              labels.indexOf(example.label()).orElseThrow(),
              predictions.get(i).logits().stream().map(Float::doubleValue).toList(),
              predictions.get(i).tokenCount()));
    }
    return texts;
  }

  private static boolean[][] actual(LabelSet labels, List<Example> examples) {
    boolean[][] actual = new boolean[examples.size()][labels.size()];
    for (int row = 0; row < actual.length; row++) {
      for (String label : examples.get(row).labels()) {
        actual[row][labels.indexOf(label).orElseThrow()] = true;
      }
    }
    return actual;
  }

  private static double[][] logits(List<Prediction> predictions) {
    return predictions.stream()
        .map(prediction -> prediction.logits().stream().mapToDouble(Float::doubleValue).toArray())
        .toArray(double[][]::new);
  }

  /// Each text has one label.
  record SingleLabel(EvaluationReport report) implements EvaluationOutcome {
    @Override
    public ProblemType problemType() {
      return ProblemType.SINGLE_LABEL_CLASSIFICATION;
    }

    @Override
    public LabelSet labels() {
      return report.result().matrix().labels();
    }

    @Override
    public ObjectNode metricsJson() {
      return EvaluationJson.of(report);
    }

    @Override
    public String reportHtml(Robustness robustness, @Nullable Comparison comparison) {
      return HtmlReport.of(report, robustness, comparison);
    }

    @Override
    public List<String> cautions() {
      return Cautions.of(report.result());
    }

    @Override
    public String summary() {
      ConfusionMatrix matrix = report.result().matrix();
      WilsonInterval interval = WilsonInterval.of(matrix.correct(), matrix.total());
      return ClassificationReport.of(matrix)
          + String.format(
              Locale.ROOT,
              "%naccuracy %.4f (95 %% interval %.4f to %.4f), expected calibration error %.4f%n",
              matrix.accuracy(),
              interval.low(),
              interval.high(),
              report.after().reliability().expectedCalibrationError());
    }
  }

  /// Each text has any number of labels.
  record MultiLabel(MultiLabelReport report) implements EvaluationOutcome {
    @Override
    public ProblemType problemType() {
      return ProblemType.MULTI_LABEL_CLASSIFICATION;
    }

    @Override
    public LabelSet labels() {
      return report.result().labels();
    }

    @Override
    public ObjectNode metricsJson() {
      return MultiLabelJson.of(report);
    }

    @Override
    public String reportHtml(Robustness robustness, @Nullable Comparison comparison) {
      return MultiLabelHtmlReport.of(report, robustness, comparison);
    }

    @Override
    public List<String> cautions() {
      return Cautions.of(report.result());
    }

    @Override
    public String summary() {
      return listed(report.result().metrics());
    }
  }

  /// Each text has a value.
  record Regression(LabelSet labels, RegressionReport report) implements EvaluationOutcome {
    @Override
    public ProblemType problemType() {
      return ProblemType.REGRESSION;
    }

    @Override
    public ObjectNode metricsJson() {
      return RegressionJson.of(report);
    }

    /// Noise and other models are counted in labels, of which there are none.
    @Override
    public String reportHtml(Robustness robustness, @Nullable Comparison comparison) {
      return RegressionHtmlReport.of(report);
    }

    @Override
    public List<String> cautions() {
      return Cautions.of(report.result());
    }

    @Override
    public String summary() {
      return listed(report.result().metrics());
    }
  }

  private static String listed(Map<String, Double> metrics) {
    StringBuilder lines = new StringBuilder();
    metrics.forEach(
        (name, value) -> lines.append(String.format(Locale.ROOT, "%-33s %10.4f%n", name, value)));
    return lines.toString();
  }
}
