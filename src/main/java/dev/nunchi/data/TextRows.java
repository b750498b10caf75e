package dev.nunchi.data;

import org.jspecify.annotations.Nullable;

/// Every line a text, its number the id; the text of an empty line is empty.
final class TextRows implements Rows {
  private final Lines lines;
  private final BlankTail<Row> rows;

  TextRows(Lines lines, boolean live) {
    this.lines = lines;
    this.rows = new BlankTail<>(this::read, row -> row.text().isEmpty(), live);
  }

  @Override
  public @Nullable Row next() {
    return rows.next();
  }

  private @Nullable Row read() {
    String text = lines.next();
    long line = lines.number();
    return text == null ? null : new Row(line, Long.toString(line), text, null, null);
  }

  @Override
  public void close() {
    lines.close();
  }
}
