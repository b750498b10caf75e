package dev.nunchi.data;

import dev.nunchi.text.PlainName;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The names of the columns (in JSONL the fields) that hold an example.
///
/// A name that is set has to be in the file. One that is null has a default: for `text` the first
/// of `document`, `text`, `sentence` that is there; for `label` the column `label`, in multi-label
/// data else `labels`; for `id` the column `id`, and where the file has none a row's id is its line
/// number. Names that a reader cannot tell apart are one, as [PlainName] has it.
///
/// @param context the column of what a text is about or answers to, null for none
public record Columns(
    @Nullable String id, @Nullable String text, @Nullable String label, @Nullable String context) {
  /// All by default.
  public static final Columns DEFAULT = new Columns(null, null, null);

  /// Where a context is read and its column is not named.
  public static final String CONTEXT_NAME = "context";

  private static final List<String> TEXT_NAMES = List.of("document", "text", "sentence");
  private static final String ID_NAME = "id";
  private static final List<String> LABEL_NAMES = List.of("label", "labels");

  /// Columns without a context.
  public Columns(@Nullable String id, @Nullable String text, @Nullable String label) {
    this(id, text, label, null);
  }

  /// These columns as one file spells them: null where it has no id, or where no label or no
  /// context is wanted.
  record Resolved(
      @Nullable String id, String text, @Nullable String label, @Nullable String context) {}

  /// @param found the names in the file, from its line `line`
  Resolved resolve(List<String> found, LabelField labels, Source source, long line) {
    List<String> textNames = text == null ? TEXT_NAMES : List.of(text);
    String textName = first("text", textNames, found, source, line);
    String labelName = null;
    if (labels != LabelField.UNREAD) {
      List<String> labelNames = label == null ? defaultLabelNames(labels) : List.of(label);
      labelName = first("label", labelNames, found, source, line);
    }
    String idName = find(id == null ? ID_NAME : id, found).orElse(null);
    if (idName == null && id != null) {
      throw missing("id", List.of(id), found, source, line);
    }
    String contextName =
        context == null ? null : first("context", List.of(context), found, source, line);
    for (String name : new String[] {idName, textName, labelName, contextName}) {
      if (name != null && found.stream().filter(other -> PlainName.same(other, name)).count() > 1) {
        throw source.invalid(line, "column %s occurs twice".formatted(Source.shown(name)));
      }
    }
    return new Resolved(idName, textName, labelName, contextName);
  }

  private static List<String> defaultLabelNames(LabelField labels) {
    return labels == LabelField.SEVERAL ? LABEL_NAMES : LABEL_NAMES.subList(0, 1);
  }

  private static String first(
      String role, List<String> expected, List<String> found, Source source, long line) {
    return expected.stream()
        .flatMap(name -> find(name, found).stream())
        .findFirst()
        .orElseThrow(() -> missing(role, expected, found, source, line));
  }

  /// The name as the file spells it.
  private static Optional<String> find(String name, List<String> found) {
    return found.stream().filter(other -> PlainName.same(other, name)).findFirst();
  }

  /// Whether the names of a first line are those of a table with texts.
  boolean isHeader(List<String> names) {
    List<String> textNames = text == null ? TEXT_NAMES : List.of(text);
    return textNames.stream().anyMatch(name -> find(name, names).isPresent());
  }

  private static RuntimeException missing(
      String role, List<String> expected, List<String> found, Source source, long line) {
    return source.invalid(
        line,
        "no %s column: expected %s, found %s"
            .formatted(
                role,
                Source.shown(expected).replace("', '", "' or '"),
                found.isEmpty() ? "none" : Source.shown(found)));
  }
}
