package dev.nunchi.cli;

import dev.nunchi.LabelSet;
import dev.nunchi.infer.Prediction;
import dev.nunchi.text.TerminalColumns;
import java.io.PrintWriter;
import java.util.Locale;

/// Answers for people: label, confidence, polarity, text. A text that was cut says so.
final class TableAnswers implements AnswerWriter {
  private final PrintWriter out;
  private final int labelWidth;

  TableAnswers(PrintWriter out, LabelSet labels) {
    this.out = out;
    this.labelWidth = labels.names().stream().mapToInt(TerminalColumns::of).max().orElse(0);
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
            + " ".repeat(labelWidth - TerminalColumns.of(label))
            + String.format(Locale.ROOT, "  %5.1f %%", 100 * prediction.confidence())
            + polarity
            + "  "
            + TsvAnswers.oneLine(text)
            + cut);
  }
}
