package dev.nunchi.cli;

import dev.nunchi.infer.Prediction;
import java.io.PrintWriter;
import java.util.Locale;

/// Answers as tab-separated values without quoting; control characters in a text, such as a tab,
/// become spaces.
final class TsvAnswers implements AnswerWriter {
  private final PrintWriter out;

  TsvAnswers(PrintWriter out) {
    this.out = out;
    out.println("text\tlabel\tconfidence\tpolarity\ttoken_count\ttruncated");
  }

  @Override
  public void write(String text, Prediction prediction) {
    String polarity =
        prediction.polarity().isPresent() ? number(prediction.polarity().getAsDouble()) : "";
    out.println(
        String.join(
            "\t",
            oneLine(text),
            oneLine(prediction.best().name()),
            number(prediction.confidence()),
            polarity,
            String.valueOf(prediction.tokenCount()),
            String.valueOf(prediction.truncated())));
  }

  /// The text without characters that end a field or a line.
  static String oneLine(String text) {
    return text.replaceAll("[\\p{Cntrl}\\u0085\\u2028\\u2029]", " ");
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.6f", value);
  }
}
