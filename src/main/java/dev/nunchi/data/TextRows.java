package dev.nunchi.data;

import org.jspecify.annotations.Nullable;

/// Every line a text, its number the id.
record TextRows(Lines lines) implements Rows {
  @Override
  public @Nullable Row next() {
    long firstLine = lines.number() + 1;
    String first = lines.next();
    String line = first;
    while (line != null && line.isEmpty()) {
      line = lines.next();
    }
    if (line == null || first == null) {
      return null;
    }
    if (first.isBlank()) {
      throw lines.source().invalid(firstLine, "the line is empty; expected a text");
    }
    return new Row(firstLine, Long.toString(firstLine), first, null);
  }

  @Override
  public void close() {
    lines.close();
  }
}
