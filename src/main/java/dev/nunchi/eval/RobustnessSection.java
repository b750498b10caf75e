package dev.nunchi.eval;

import static dev.nunchi.eval.Numbers.fixed;
import static dev.nunchi.eval.Numbers.percent;

import java.util.List;

/// The part of a report on noise, where the texts were classified under some.
final class RobustnessSection {
  private final ReportPage page;

  RobustnessSection(ReportPage page) {
    this.page = page;
  }

  void write(Robustness robustness) {
    if (robustness.isEmpty()) {
      return;
    }
    page.openSection(
        "noise",
        "Noise",
        "The same texts as users might have typed them. Flips are texts whose predicted labels are"
            + " others than without noise; accuracy without it is %s."
                .formatted(percent(robustness.accuracy(), 2)));
    Table table =
        new Table(
            page.markup(),
            "noise",
            1,
            List.of("kind", "texts changed", "accuracy", "drop in points", "flips"));
    robustness.kinds().forEach(kind -> row(table, robustness, kind));
    row(table, robustness, robustness.mean());
    table.close();
    page.closeSection();
  }

  private static void row(Table table, Robustness robustness, Robustness.Kind kind) {
    table.row(
        kind.name(),
        percent(kind.changed(), 1),
        percent(kind.accuracy(), 2),
        fixed(100 * robustness.drop(kind), 2),
        percent(kind.flips(), 2));
  }
}
