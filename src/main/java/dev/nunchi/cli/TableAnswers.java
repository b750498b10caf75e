package dev.nunchi.cli;

import dev.nunchi.LabelSet;
import dev.nunchi.infer.Prediction;
import java.io.PrintWriter;
import java.util.Locale;

/// Answers for people: label, confidence, polarity, text. A text that was cut says so.
final class TableAnswers implements AnswerWriter {
  private final PrintWriter out;
  private final int labelWidth;

  TableAnswers(PrintWriter out, LabelSet labels) {
    this.out = out;
    this.labelWidth = labels.names().stream().mapToInt(TableAnswers::columns).max().orElse(0);
  }

  @Override
  public void write(String text, Prediction prediction) {
    String label = prediction.best().name();
    String polarity =
        prediction.polarity().isPresent()
            ? String.format(Locale.ROOT, "  %+.2f", prediction.polarity().getAsDouble())
            : "";
    String cut =
        prediction.truncated()
            ? "  (cut; it has %d tokens)".formatted(prediction.tokenCount())
            : "";
    out.println(
        label
            + " ".repeat(labelWidth - columns(label))
            + String.format(Locale.ROOT, "  %5.1f %%", 100 * prediction.confidence())
            + polarity
            + "  "
            + TsvAnswers.oneLine(text)
            + cut);
  }

  /// Columns that a terminal shows it in: two for a Hangul syllable, an ideograph or a full-width
  /// form.
  private static int columns(String text) {
    return text.codePoints()
        .map(c ->
            (c >= 0x1100 && c <= 0x115f)
                    || (c >= 0x2e80 && c <= 0xa4cf)
                    || (c >= 0xac00 && c <= 0xd7a3)
                    || (c >= 0xf900 && c <= 0xfaff)
                    || (c >= 0xff00 && c <= 0xff60)
                ? 2
                : 1)
        .sum();
  }
}
