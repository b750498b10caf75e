package dev.nunchi.eval;

import static dev.nunchi.eval.Numbers.count;
import static dev.nunchi.eval.Numbers.fixed;
import static dev.nunchi.eval.Numbers.percent;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The part of a report on another model, where the texts were classified by one.
final class ComparisonSection {
  private final ReportPage page;

  ComparisonSection(ReportPage page) {
    this.page = page;
  }

  /// @param comparison null for none
  void write(@Nullable Comparison comparison) {
    if (comparison == null) {
      return;
    }
    PairedOutcomes outcomes = comparison.outcomes();
    DifferenceInterval interval = outcomes.interval();
    page.openSection(
        "comparison",
        "Beside " + comparison.other(),
        "Accuracy %s against %s: %s points more, 95 %% interval %s to %s. McNemar's exact test: p = %s, %s."
            .formatted(
                percent(outcomes.firstAccuracy(), 2),
                percent(outcomes.secondAccuracy(), 2),
                fixed(100 * outcomes.difference(), 2),
                fixed(100 * interval.low(), 2),
                fixed(100 * interval.high(), 2),
                comparison.probability(),
                comparison.verdict()));
    Table table =
        new Table(
            page.markup(),
            "comparison",
            1,
            List.of("", comparison.other() + " right", comparison.other() + " wrong"));
    table.row("this model right", count(outcomes.bothRight()), count(outcomes.firstAlone()));
    table.row("this model wrong", count(outcomes.secondAlone()), count(outcomes.neither()));
    table.close();
    page.closeSection();
  }
}
