package dev.nunchi.eval;

import static dev.nunchi.eval.Numbers.count;
import static dev.nunchi.eval.Numbers.fixed;
import static dev.nunchi.eval.Numbers.percent;

import dev.nunchi.LabelSet;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The report of a single-label model as one page of HTML, which is well-formed XML too.
///
/// Whatever came from users is escaped; the same report gives the same bytes.
public final class HtmlReport {
  private static final int MOST_PAIRS = 20;
  private static final int LONGEST_TEXT = 400;
  private static final double[] COVERAGES = {0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1};
  private static final double[] ACCURACIES = {0.9, 0.95, 0.98, 0.99};

  private final EvaluationReport report;
  private final Robustness robustness;
  private final @Nullable Comparison comparison;
  private final ConfusionMatrix matrix;
  private final LabelSet labels;
  private final ReportPage page;

  private HtmlReport(
      EvaluationReport report, Robustness robustness, @Nullable Comparison comparison) {
    this.report = report;
    this.robustness = robustness;
    this.comparison = comparison;
    this.matrix = report.result().matrix();
    this.labels = matrix.labels();
    this.page = new ReportPage(report.subject());
  }

  public static String of(EvaluationReport report) {
    return of(report, Robustness.NONE, null);
  }

  /// @param comparison null for none
  public static String of(
      EvaluationReport report, Robustness robustness, @Nullable Comparison comparison) {
    return new HtmlReport(report, robustness, comparison).write();
  }

  private String write() {
    figures();
    new LearningSection(page).write(report.curves());
    confusion();
    pairs();
    new CalibrationSection(page)
        .write(
            "Of the answers that claim a confidence, the share that is right; bars on the diagonal"
                + " are calibrated. The temperature was fitted on validation data.",
            "confidence",
            "accuracy",
            report.before(),
            report.after());
    coverage();
    lengths();
    new ComparisonSection(page).write(comparison);
    new RobustnessSection(page).write(robustness);
    mistakes();
    return page.finish();
  }

  private void figures() {
    Calibration calibration = report.after();
    WilsonInterval interval = WilsonInterval.of(matrix.correct(), matrix.total());
    page.openFigures();
    page.figure("texts", count(matrix.total()), "%s labels".formatted(labels.size()));
    page.figure(
        "accuracy", percent(matrix.accuracy(), 2), "95 % interval " + interval(interval, 2));
    page.figure("macro F1", fixed(matrix.macro().f1(), 4), "");
    page.figure("Matthews correlation", fixed(matrix.matthewsCorrelation(), 4), "");
    page.figure("log loss", fixed(calibration.logLoss(), 4), "");
    page.figure(
        "calibration error",
        fixed(calibration.reliability().expectedCalibrationError(), 4),
        "expected, at T = " + fixed(calibration.temperature(), 3));
    page.closeFigures(Cautions.of(report.result()));
  }

  /// For example `85.58–86.44 %`.
  static String interval(WilsonInterval interval, int digits) {
    return fixed(100 * interval.low(), digits) + "–" + percent(interval.high(), digits);
  }

  private void confusion() {
    page.openSection(
        "classes", "Confusion matrix", "Each row is a label of the data; shares are of the row.");
    page.openCharts();
    new ConfusionChart(page.markup()).write(matrix);
    Table table =
        new Table(
            page.markup(), "classes", 1, List.of("label", "precision", "recall", "F1", "support"));
    for (int label = 0; label < labels.size(); label++) {
      scores(table, labels.get(label).name(), matrix.scores(label));
    }
    scores(table, "macro average", matrix.macro());
    scores(table, "weighted average", matrix.weighted());
    table.close();
    page.closeCharts();
    page.closeSection();
  }

  static void scores(Table table, String name, ClassScores scores) {
    table.row(
        name,
        fixed(scores.precision(), 4),
        fixed(scores.recall(), 4),
        fixed(scores.f1(), 4),
        count(scores.support()));
  }

  private void pairs() {
    page.openSection(
        "pairs",
        "Most confused pairs",
        report.confusedPairs().isEmpty() ? "Every answer is right." : "");
    if (!report.confusedPairs().isEmpty()) {
      Table table =
          new Table(
              page.markup(),
              "pairs",
              2,
              List.of("actual", "predicted", "texts", "of the label", "of all mistakes"));
      report.confusedPairs().stream()
          .limit(MOST_PAIRS)
          .forEach(pair ->
              table.row(
                  labels.get(pair.actual()).name(),
                  labels.get(pair.predicted()).name(),
                  count(pair.count()),
                  percent(pair.shareOfActual(), 2),
                  percent(pair.shareOfMistakes(), 2)));
      table.close();
    }
    page.closeSection();
  }

  private void coverage() {
    CoverageCurve curve = report.coverage();
    page.openSection(
        "coverage",
        "Coverage against accuracy",
        "Accuracy where only the most confident texts are answered. Area under the risk-coverage"
            + " curve %s, of which %s could be saved by a better order."
                .formatted(fixed(curve.area(), 5), fixed(curve.excessArea(), 5)));
    page.openCharts();
    new CoverageChart(page.markup()).write(curve);
    page.markup().open("div");
    Table shares =
        new Table(
            page.markup(), "coverage", 0, List.of("coverage", "least confidence", "accuracy"));
    for (double coverage : COVERAGES) {
      CoverageCurve.Point point = curve.at(coverage);
      shares.row(percent(coverage, 0), fixed(point.threshold(), 4), percent(point.accuracy(), 2));
    }
    shares.close();
    Table targets =
        new Table(page.markup(), "targets", 0, List.of("wanted accuracy", "greatest coverage"));
    for (double accuracy : ACCURACIES) {
      targets.row(
          percent(accuracy, 0),
          curve.coverageAt(accuracy).stream()
              .mapToObj(coverage -> percent(coverage, 1))
              .findFirst()
              .orElse("none"));
    }
    targets.close();
    page.markup().close();
    page.closeCharts();
    page.closeSection();
  }

  private void lengths() {
    page.openSection(
        "lengths",
        "Accuracy by length",
        "Tokens of the whole text, special tokens included, before truncation. Lengths of few texts"
            + " stand in the table alone.");
    page.openCharts();
    new LengthChart(page.markup()).write(report.lengths(), matrix.accuracy());
    Table table =
        new Table(
            page.markup(), "lengths", 0, List.of("tokens", "texts", "accuracy", "95 % interval"));
    for (LengthBucket bucket : report.lengths()) {
      WilsonInterval interval = bucket.interval();
      table.row(
          "%s–%s".formatted(bucket.least(), bucket.most()),
          count(bucket.count()),
          percent(bucket.accuracy(), 2),
          interval(interval, 1));
    }
    table.close();
    page.closeCharts();
    page.closeSection();
  }

  private void mistakes() {
    if (report.mistakes().isEmpty()) {
      return;
    }
    page.openSection(
        "mistakes",
        "Worst mistakes",
        "Wrong answers of the greatest confidence; some may be wrong labels in the data.");
    List<String> headings = new ArrayList<>(List.of("text", "actual", "predicted"));
    labels.names().forEach(headings::add);
    headings.add("id");
    Table table = new Table(page.markup(), "mistakes", 3, headings);
    for (Mistake mistake : report.mistakes()) {
      List<String> cells = new ArrayList<>();
      cells.add(shortened(mistake.text().text()));
      cells.add(labels.get(mistake.text().actual()).name());
      cells.add(labels.get(mistake.predicted()).name());
      mistake.probabilities().forEach(probability -> cells.add(fixed(probability, 4)));
      cells.add(mistake.text().id());
      table.row(cells.toArray(String[]::new));
    }
    table.close();
    page.closeSection();
  }

  static String shortened(String text) {
    return text.codePointCount(0, text.length()) <= LONGEST_TEXT
        ? text
        : text.substring(0, text.offsetByCodePoints(0, LONGEST_TEXT)) + "…";
  }
}
