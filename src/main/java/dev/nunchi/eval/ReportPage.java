package dev.nunchi.eval;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/// The frame of a report: a page that needs nothing but itself, runs no script and may load
/// nothing; light or dark as the reader has it.
final class ReportPage {
  private final Markup markup = new Markup();

  ReportPage(Subject subject) {
    markup.open("html", "lang", "en").open("head");
    markup.empty("meta", "charset", "utf-8");
    markup.empty(
        "meta",
        "http-equiv",
        "Content-Security-Policy",
        "content",
        "default-src 'none'; style-src 'unsafe-inline'");
    markup.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
    markup.empty("meta", "name", "color-scheme", "content", "light dark");
    markup.element("title", "%s on %s".formatted(subject.model(), subject.data()));
    markup.element("style", styles()).close();
    markup.open("body").open("header");
    markup.open("h1").element("bdi", subject.model()).text(" on ");
    markup.element("bdi", subject.data()).close();
    markup.open("p", "class", "revision").text("Revision ").element("bdi", subject.revision());
    markup.close().close().open("main");
  }

  Markup markup() {
    return markup;
  }

  /// Begins the list of the leading figures.
  void openFigures() {
    markup.open("dl", "class", "figures");
  }

  void figure(String name, String value, String note) {
    markup.open("div").element("dt", name).element("dd", value);
    if (!note.isEmpty()) {
      markup.element("dd", note, "class", "note");
    }
    markup.close();
  }

  /// Ends the list of the leading figures.
  ///
  /// @param cautions what a reader of them should know, one sentence each
  void closeFigures(List<String> cautions) {
    markup.close();
    cautions.forEach(caution -> markup.element("p", caution, "class", "note"));
  }

  /// Begins a section.
  ///
  /// @param explanation what is to be seen, in a sentence or two
  void openSection(String id, String heading, String explanation) {
    markup.open("section", "id", id).element("h2", heading);
    if (!explanation.isEmpty()) {
      markup.element("p", explanation, "class", "note");
    }
  }

  void closeSection() {
    markup.close();
  }

  /// Begins a place for charts side by side, or below each other where the page is narrow.
  void openCharts() {
    markup.open("div", "class", "charts");
  }

  void closeCharts() {
    markup.close();
  }

  String finish() {
    return markup.close().close().close().toString();
  }

  private static String styles() {
    try (InputStream in =
        Objects.requireNonNull(ReportPage.class.getResourceAsStream("report.css"))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
