package dev.nunchi.cli;

import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import dev.nunchi.infer.Prediction;
import dev.nunchi.text.TerminalColumns;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Answers for people: label, confidence (of a regression the value), polarity, text. A text that
/// was cut says so.
///
/// Several labels of one text are parted by `|`, the confidence is that of the least sure one; `-`
/// stands for none, and where a text was refused, which its line says at the end.
final class TableAnswers implements AnswerWriter {
  private static final String NONE = "-";

  private final PrintWriter out;
  private final ProblemType problemType;
  private final int labelWidth;
  private final boolean hasPolarity;

  TableAnswers(PrintWriter out, LabelSet labels, ProblemType problemType) {
    this.out = out;
    this.problemType = problemType;
    this.labelWidth = labels.names().stream().mapToInt(TerminalColumns::of).max().orElse(0);
    this.hasPolarity = labels.hasPolarity();
  }

  @Override
  public void answer(String text, Prediction prediction) {
    List<Label> labels = prediction.predicted(problemType);
    String names = labels.stream().map(Label::name).collect(Collectors.joining("|"));
    double confidence =
        problemType.predicted(prediction.scores().toList()).stream()
            .mapToDouble(prediction.scores()::get)
            .min()
            .orElse(Double.NaN);
    write(
        labels.isEmpty() ? NONE : names,
        prediction.value().isPresent()
            ? String.format(Locale.ROOT, "%.4f", prediction.value().getAsDouble())
            : labels.isEmpty() ? NONE : String.format(Locale.ROOT, "%.1f %%", 100 * confidence),
        prediction.polarity().isPresent()
            ? String.format(Locale.ROOT, "%+.2f", prediction.polarity().getAsDouble())
            : NONE,
        text,
        prediction.truncated()
            ? "  (cut; it has %d tokens)".formatted(prediction.tokenCount())
            : "");
  }

  @Override
  public void refusal(Refusal refusal) {
    write(
        NONE, NONE, NONE, refusal.text(), "  (refused: %s)".formatted(refusal.why().getMessage()));
  }

  private void write(
      String labels, String confidence, String polarity, @Nullable String text, String remark) {
    int padding = Math.max(0, labelWidth - TerminalColumns.of(labels));
    out.println(
        TsvAnswers.oneLine(labels)
            + " ".repeat(padding)
            + String.format(Locale.ROOT, "  %7s", confidence)
            + (hasPolarity ? String.format(Locale.ROOT, "  %5s", polarity) : "")
            + "  "
            + TsvAnswers.oneLine(text == null ? "" : text)
            + TsvAnswers.oneLine(remark));
  }
}
