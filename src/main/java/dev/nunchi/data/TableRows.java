package dev.nunchi.data;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Rows of a table whose first line names its columns.
final class TableRows implements Rows {
  private static final int ABSENT = -1;
  private static final Pattern SEPARATOR = Pattern.compile(LabelField.SEPARATOR, Pattern.LITERAL);

  private final Records records;
  private final Source source;
  private final int width;
  private final Columns.Resolved columns;
  private final int id;
  private final int text;
  private final int label;
  private final LabelField labels;

  TableRows(Records records, Source source, Columns columns, LabelField labels) {
    this.records = records;
    this.source = source;
    this.labels = labels;
    Records.TableRecord header = records.next();
    if (header == null || header.fields().isEmpty()) {
      throw source.invalid(1, "expected a header line with the names of the columns");
    }
    List<String> names = header.fields();
    this.columns = columns.resolve(names, labels, source, header.line());
    width = names.size();
    text = names.indexOf(this.columns.text());
    id = this.columns.id() == null ? ABSENT : names.indexOf(this.columns.id());
    label = this.columns.label() == null ? ABSENT : names.indexOf(this.columns.label());
  }

  @Override
  public @Nullable Row next() {
    Records.TableRecord record = records.next();
    long firstLine = record == null ? 0 : record.line();
    while (record != null && record.fields().isEmpty()) {
      record = records.next();
    }
    if (record == null) {
      return null;
    }
    if (record.line() != firstLine) {
      throw source.invalid(firstLine, "the line is empty; expected %s".formatted(fieldCount()));
    }
    List<String> fields = record.fields();
    if (fields.size() != width) {
      throw source.invalid(
          record.line(),
          "expected %s as in the header, found %d".formatted(fieldCount(), fields.size()));
    }
    return Row.of(
        source,
        record.line(),
        columns,
        id == ABSENT ? null : fields.get(id),
        fields.get(text),
        label == ABSENT ? null : labels(fields.get(label)));
  }

  private List<String> labels(String field) {
    if (labels != LabelField.SEVERAL) {
      return List.of(field);
    }
    return field.isBlank()
        ? List.of()
        : Stream.of(SEPARATOR.split(field, -1)).map(String::strip).toList();
  }

  private String fieldCount() {
    return width == 1 ? "1 field" : width + " fields";
  }

  @Override
  public void close() {
    records.close();
  }
}
