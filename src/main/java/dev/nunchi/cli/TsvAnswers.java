package dev.nunchi.cli;

import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import dev.nunchi.infer.Prediction;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Answers as tab-separated values, a line for each text: control characters in a text, such as a
/// tab or a line's end, become spaces.
///
/// A field that begins with a quotation mark is quoted as in CSV, since most readers of such files
/// take the mark for the start of a quoted field and would swallow the lines up to the next one.
/// All other fields stand as they are.
///
/// Where a text has any number of labels they are parted by `|`, and a column for each label has
/// its score. A regression has the column `value` in place of `confidence`. A text that was refused
/// has empty fields and its reason in the last one.
final class TsvAnswers implements AnswerWriter {
  private static final Pattern LINE_ENDS = Pattern.compile("[\\p{Cntrl}\\u0085\\u2028\\u2029]");

  private final PrintWriter out;
  private final ProblemType problemType;
  private final int scoreColumns;

  TsvAnswers(PrintWriter out, LabelSet labels, ProblemType problemType) {
    this.out = out;
    this.problemType = problemType;
    this.scoreColumns = problemType == ProblemType.MULTI_LABEL_CLASSIFICATION ? labels.size() : 0;
    List<String> header =
        new ArrayList<>(
            List.of(
                "text",
                "label",
                problemType == ProblemType.REGRESSION ? "value" : "confidence",
                "polarity"));
    labels.names().stream().limit(scoreColumns).forEach(name -> header.add("score_" + name));
    header.addAll(List.of("token_count", "truncated", "error"));
    write(header);
  }

  @Override
  public void answer(String text, Prediction prediction) {
    List<String> row = new ArrayList<>();
    row.add(text);
    row.add(
        prediction.predicted(problemType).stream()
            .map(Label::name)
            .collect(Collectors.joining("|")));
    row.add(number(prediction.value().orElse(prediction.confidence())));
    row.add(prediction.polarity().isPresent() ? number(prediction.polarity().getAsDouble()) : "");
    prediction.scores().toList().stream()
        .limit(scoreColumns)
        .forEach(score -> row.add(number(score)));
    row.add(String.valueOf(prediction.tokenCount()));
    row.add(String.valueOf(prediction.truncated()));
    row.add("");
    write(row);
  }

  @Override
  public void refusal(Refusal refusal) {
    String text = refusal.text();
    List<String> row = new ArrayList<>();
    row.add(text == null ? "" : text);
    for (int i = 0; i < 5 + scoreColumns; i++) {
      row.add("");
    }
    row.add(refusal.why().reason().name());
    write(row);
  }

  private void write(List<String> fields) {
    out.println(fields.stream().map(TsvAnswers::field).collect(Collectors.joining("\t")));
  }

  /// A text as one field of a line.
  static String field(String text) {
    String line = oneLine(text);
    return line.startsWith("\"") ? '"' + line.replace("\"", "\"\"") + '"' : line;
  }

  /// The text without characters that end a field or a line.
  static String oneLine(String text) {
    return LINE_ENDS.matcher(text).replaceAll(" ");
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.6f", value);
  }
}
