package dev.nunchi.data;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Lines split at tabs; a quotation mark is an ordinary character.
record TsvRecords(Lines lines) implements Records {
  @Override
  public @Nullable TableRecord next() {
    String line = lines.next();
    if (line == null) {
      return null;
    }
    return new TableRecord(lines.number(), line.isEmpty() ? List.of() : split(line));
  }

  static List<String> split(String line) {
    List<String> fields = new ArrayList<>(4);
    int start = 0;
    for (int tab = line.indexOf('\t'); tab >= 0; tab = line.indexOf('\t', start)) {
      fields.add(line.substring(start, tab));
      start = tab + 1;
    }
    fields.add(line.substring(start));
    return fields;
  }

  @Override
  public void close() {
    lines.close();
  }
}
