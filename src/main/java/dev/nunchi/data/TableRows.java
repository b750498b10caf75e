package dev.nunchi.data;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Rows of a table whose first line names its columns.
final class TableRows implements Rows {
  private static final int ABSENT = -1;

  private final Records records;
  private final Source source;
  private final List<String> names;
  private final int width;
  private final Columns.Resolved columns;
  private final int id;
  private final int text;
  private final int label;
  private final int context;
  private final LabelField labels;
  private final BlankTail<Records.TableRecord> rows;

  TableRows(Records records, Source source, Columns columns, LabelField labels, boolean live) {
    this.records = records;
    this.rows = new BlankTail<>(records::next, record -> record.fields().isEmpty(), live);
    this.source = source;
    this.labels = labels;
    Records.TableRecord header = records.next();
    if (header == null || header.fields().isEmpty()) {
      throw source.invalid(1, "expected a header line with the names of the columns");
    }
    names = header.fields();
    requireParted(records, header);
    this.columns = columns.resolve(names, labels, source, header.line());
    width = names.size();
    text = names.indexOf(this.columns.text());
    id = this.columns.id() == null ? ABSENT : names.indexOf(this.columns.id());
    label = this.columns.label() == null ? ABSENT : names.indexOf(this.columns.label());
    context = this.columns.context() == null ? ABSENT : names.indexOf(this.columns.context());
  }

  /// A header in one piece that another separator parts is a table of another kind, and one that
  /// goes on behind a carriage return is a whole table.
  private void requireParted(Records records, Records.TableRecord header) {
    String only = header.fields().getFirst();
    if (header.fields().stream().anyMatch(name -> name.indexOf('\r') >= 0)) {
      throw source.invalid(
          header.line(),
          "the lines end in carriage returns alone; tr '\\r' '\\n' < IN > OUT mends them");
    }
    if (records instanceof TsvRecords && header.fields().size() == 1 && only.matches(".*[,;].*")) {
      throw source.invalid(
          header.line(),
          "the header %s has no tab; a table parted by commas or semicolons is to end in .csv"
              .formatted(Source.shown(only)));
    }
  }

  @Override
  public @Nullable Row next() {
    Records.TableRecord record = rows.next();
    if (record == null) {
      return null;
    }
    if (record.fields().isEmpty()) {
      throw source.invalid(record.line(), "the line is empty; expected %s".formatted(fieldCount()));
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
        label == ABSENT
            ? null
            : labels.labels(fields.get(label), names.get(label), source, record.line()),
        context == ABSENT ? null : fields.get(context));
  }

  private String fieldCount() {
    return width == 1 ? "1 field" : width + " fields";
  }

  @Override
  public void close() {
    records.close();
  }
}
