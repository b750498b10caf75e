package dev.nunchi.eval;

/// The part of a report on the training, where its curves are known.
final class LearningSection {
  private final ReportPage page;

  LearningSection(ReportPage page) {
    this.page = page;
  }

  void write(LearningCurves curves) {
    if (curves.isEmpty()) {
      return;
    }
    page.openSection("learning", "Learning curves", "");
    page.openCharts();
    new LearningCharts(page.markup()).write(curves);
    page.closeCharts();
    page.closeSection();
  }
}
