package dev.nunchi.data;

import dev.nunchi.text.PlainName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What was done with rows of one file that are not taken as they stand: those without a text that
/// were left out, and values of the label column that were taken for another name.
///
/// [ExampleReader] fills it in while it reads; not for several threads.
public final class ReadingNotes {
  private static final int MOST_SPELLINGS = 1000;
  private static final int MOST_SHOWN = 5;

  private final Map<String, Taken> spellings = new LinkedHashMap<>();
  private final Map<String, Taken> numbers = new LinkedHashMap<>();
  private final List<String> about = new ArrayList<>();
  private String file = "";
  private List<String> unnumbered = List.of();
  private long emptyTexts;
  private long firstEmptyLine;
  private @Nullable Taken joined;

  /// A value and the label that it was taken for.
  private record Taken(String value, String label, long rows, long firstLine) {
    Taken another() {
      return new Taken(value, label, rows + 1, firstLine);
    }
  }

  void begin(Source source) {
    file = source.name();
  }

  /// @param sentence what the whole file is like, without its name
  void about(String sentence) {
    about.add(sentence);
  }

  void emptyText(long line) {
    firstEmptyLine = emptyTexts == 0 ? line : firstEmptyLine;
    emptyTexts++;
  }

  /// A value that is written otherwise than its label.
  void spelled(String value, String label, long line) {
    if (spellings.size() < MOST_SPELLINGS || spellings.containsKey(value)) {
      spellings.merge(value, new Taken(value, label, 1, line), (old, _) -> old.another());
    }
  }

  /// A number that was taken for the label at its place.
  void numbered(String value, String label, long line) {
    numbers.merge(value, new Taken(value, label, 1, line), (old, _) -> old.another());
  }

  /// @param labels the model's, for which numbers may stand
  void positions(List<String> labels) {
    unnumbered =
        labels.stream()
            .filter(
                label -> numbers.values().stream().noneMatch(taken -> taken.label().equals(label)))
            .toList();
  }

  /// One of several labels that looks like a list of them.
  void joined(String value, long line) {
    joined = joined == null ? new Taken(value, value, 1, line) : joined.another();
  }

  /// Rows that were left out because their text is empty.
  public long emptyTexts() {
    return emptyTexts;
  }

  /// The line of the first of them.
  public OptionalLong firstEmptyLine() {
    return emptyTexts == 0 ? OptionalLong.empty() : OptionalLong.of(firstEmptyLine);
  }

  /// Numbers that stood for labels by their place, with the label that each was taken for.
  public Map<String, String> numbers() {
    Map<String, String> labels = new LinkedHashMap<>();
    numbers.values().stream()
        .sorted((a, b) ->
            Integer.compare(a.value().length(), b.value().length()) != 0
                ? Integer.compare(a.value().length(), b.value().length())
                : a.value().compareTo(b.value()))
        .forEach(taken -> labels.put(taken.value(), taken.label()));
    return labels;
  }

  /// What a user should know, a sentence each, which names the file.
  public List<String> sentences() {
    List<String> sentences = new ArrayList<>();
    about.forEach(sentence -> sentences.add(file + ": " + sentence));
    if (emptyTexts == 1) {
      sentences.add(
          "%s: 1 text is empty and was left out, that of line %d".formatted(file, firstEmptyLine));
    } else if (emptyTexts > 1) {
      sentences.add(
          String.format(
              Locale.ROOT,
              "%s: %,d texts are empty and were left out, the first that of line %d",
              file,
              emptyTexts,
              firstEmptyLine));
    }
    if (!spellings.isEmpty()) {
      sentences.add(
          "%s: labels that look alike were taken for one: %s".formatted(file, describeSpellings()));
    }
    if (!numbers.isEmpty()) {
      sentences.add(describeNumbers());
    }
    if (joined != null) {
      sentences.add(
          String.format(
              Locale.ROOT,
              "%s: the label %s on line %d, and %,d in all, holds a comma or a semicolon;"
                  + " several labels of one text are parted by |",
              file,
              Source.visible(joined.value()),
              joined.firstLine(),
              joined.rows()));
    }
    return List.copyOf(sentences);
  }

  private String describeSpellings() {
    String shown =
        spellings.values().stream()
            .limit(MOST_SHOWN)
            .map(taken ->
                "%s for %s in %s, the first on line %d"
                    .formatted(
                        Source.visible(taken.value()),
                        Source.shown(taken.label()),
                        rows(taken.rows()),
                        taken.firstLine()))
            .collect(Collectors.joining("; "));
    int more = spellings.size() - MOST_SHOWN;
    return more > 0 ? "%s; and %d more".formatted(shown, more) : shown;
  }

  private String describeNumbers() {
    String pairs =
        numbers().entrySet().stream()
            .map(entry ->
                "%s = %s (%s)"
                    .formatted(
                        entry.getKey(),
                        PlainName.of(entry.getValue()),
                        rows(numberRows(entry.getKey()))))
            .collect(Collectors.joining(", "));
    String without = unnumbered.isEmpty() ? "" : "; no row has " + Source.shown(unnumbered);
    return "%s: numbers were taken for the model's labels in their order, %s%s; --label-mapping"
            .formatted(file, pairs, without)
        + " says otherwise";
  }

  private long numberRows(String value) {
    Taken taken = numbers.get(value);
    return taken == null ? 0 : taken.rows();
  }

  private static String rows(long rows) {
    return rows == 1 ? "1 row" : String.format(Locale.ROOT, "%,d rows", rows);
  }
}
