package dev.nunchi.eval;

import static dev.nunchi.eval.Numbers.count;
import static dev.nunchi.eval.Numbers.fixed;
import static dev.nunchi.eval.Numbers.percent;

import dev.nunchi.LabelSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The report of a multi-label model as one page of HTML, which is well-formed XML too.
public final class MultiLabelHtmlReport {
  private final MultiLabelReport report;
  private final Robustness robustness;
  private final @Nullable Comparison comparison;
  private final LabelSet labels;
  private final ReportPage page;

  private MultiLabelHtmlReport(
      MultiLabelReport report, Robustness robustness, @Nullable Comparison comparison) {
    this.report = report;
    this.robustness = robustness;
    this.comparison = comparison;
    this.labels = report.result().labels();
    this.page = new ReportPage(report.subject());
  }

  public static String of(MultiLabelReport report) {
    return of(report, Robustness.NONE, null);
  }

  /// @param comparison null for none
  public static String of(
      MultiLabelReport report, Robustness robustness, @Nullable Comparison comparison) {
    return new MultiLabelHtmlReport(report, robustness, comparison).write();
  }

  private String write() {
    figures();
    new LearningSection(page).write(report.curves());
    scores();
    matrices();
    new CalibrationSection(page)
        .write(
            "Of the pairs of text and label that are given a probability, the share where the text"
                + " has the label; bars on the diagonal are calibrated. The temperature was fitted"
                + " on validation data.",
            "probability",
            "share with the label",
            report.before(),
            report.after());
    new ComparisonSection(page).write(comparison);
    new RobustnessSection(page).write(robustness);
    return page.finish();
  }

  private void figures() {
    page.openFigures();
    page.figure(
        "texts",
        count(Math.round(metric("count"))),
        "%s labels, any number for a text".formatted(labels.size()));
    page.figure(
        "subset accuracy",
        percent(metric("subset_accuracy"), 2),
        "95 % interval "
            + HtmlReport.interval(
                new WilsonInterval(metric("subset_accuracy_low"), metric("subset_accuracy_high")),
                2));
    page.figure("micro F1", fixed(metric("micro_f1"), 4), "");
    page.figure("macro F1", fixed(metric("macro_f1"), 4), "");
    page.figure("samples F1", fixed(metric("samples_f1"), 4), "");
    page.figure("Hamming loss", fixed(metric("hamming_loss"), 4), "");
    page.figure(
        "ranking precision",
        fixed(metric("label_ranking_average_precision"), 4),
        "label ranking average precision");
    page.figure(
        "average precision", fixed(metric("mean_average_precision"), 4), "mean over the labels");
    page.closeFigures(Cautions.of(report.result()));
  }

  private void scores() {
    page.openSection("classes", "Labels", "A text is given each label of probability 0.5 or more.");
    Table table =
        new Table(
            page.markup(), "classes", 1, List.of("label", "precision", "recall", "F1", "support"));
    for (int label = 0; label < labels.size(); label++) {
      HtmlReport.scores(
          table, labels.get(label).name(), report.result().counts().get(label).scores());
    }
    table.close();
    page.closeSection();
  }

  private void matrices() {
    page.openSection(
        "matrices", "Each label against the rest", "Shares are of the texts in the row.");
    page.openCharts();
    for (int label = 0; label < labels.size(); label++) {
      BinaryCounts counts = report.result().counts().get(label);
      page.markup().open("div").element("h3", labels.get(label).name());
      Table table =
          new Table(page.markup(), "binary", 1, List.of("", "not predicted", "predicted"));
      row(table, "without it", counts.trueNegatives(), counts.falsePositives());
      row(table, "with it", counts.falseNegatives(), counts.truePositives());
      table.close();
      page.markup().close();
    }
    page.closeCharts();
    page.closeSection();
  }

  private static void row(Table table, String name, long not, long predicted) {
    double all = not + predicted;
    table.row(
        name,
        "%s (%s)".formatted(count(not), percent(ClassScores.quotient((double) not, all), 1)),
        "%s (%s)"
            .formatted(
                count(predicted), percent(ClassScores.quotient((double) predicted, all), 1)));
  }

  private double metric(String name) {
    Map<String, Double> metrics = report.result().metrics();
    return Objects.requireNonNull(metrics.get(name));
  }
}
