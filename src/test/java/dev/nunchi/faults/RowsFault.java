package dev.nunchi.faults;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;

/// What can be wrong with a file of rows: a `.tsv`, `.csv` or `.jsonl` that is otherwise as it was.
public enum RowsFault implements Fault {
  EXTRA_FIELD {
    @Override
    String row(String row, Random random) {
      return row + "\textra," + "extra";
    }
  },
  MISSING_FIELDS {
    @Override
    String row(String row, Random random) {
      return row.substring(0, Math.max(0, row.length() / 2));
    }
  },
  OPEN_QUOTE {
    @Override
    String row(String row, Random random) {
      int at = random.nextInt(row.length() + 1);
      return row.substring(0, at) + '"' + row.substring(at);
    }
  },
  NUL {
    @Override
    String row(String row, Random random) {
      int at = random.nextInt(row.length() + 1);
      return row.substring(0, at) + '\0' + row.substring(at);
    }
  },
  MARK_INSIDE {
    @Override
    String row(String row, Random random) {
      return '\ufeff' + row;
    }
  },
  LONG_LINE {
    @Override
    String row(String row, Random random) {
      int at = random.nextInt(row.length() + 1);
      return row.substring(0, at) + "아".repeat(350_000) + row.substring(at);
    }
  },
  BLANK_LINE {
    @Override
    String row(String row, Random random) {
      return random.nextBoolean() ? "\n" + row : "   ";
    }
  },
  LONE_CARRIAGE_RETURN {
    @Override
    String row(String row, Random random) {
      int at = random.nextInt(row.length() + 1);
      return row.substring(0, at) + '\r' + row.substring(at);
    }
  },
  OTHER_LINE_END {
    @Override
    String row(String row, Random random) {
      return row + '\r';
    }
  },
  CONTROL_CHARACTERS {
    @Override
    String row(String row, Random random) {
      return "\u001b[31m\u0007" + row;
    }
  },
  LABEL_UNKNOWN {
    @Override
    String row(String row, Random random) {
      return labelled(row, "그저그런");
    }
  },
  LABEL_BLANK {
    @Override
    String row(String row, Random random) {
      return labelled(row, random.nextBoolean() ? "" : " ");
    }
  },
  LABEL_NUMBER {
    @Override
    String row(String row, Random random) {
      return labelled(row, Fault.of(List.of("0", "1", "2", "-1", "0.5", "1e9"), random));
    }
  },
  LABEL_WITH_SPACE {
    @Override
    String row(String row, Random random) {
      return labelled(row, "긍정 ");
    }
  },
  LABELS {
    @Override
    String row(String row, Random random) {
      return labelled(row, "긍정|부정");
    }
  },
  TEXT_OF_NOTHING {
    @Override
    String row(String row, Random random) {
      return row.replaceAll("영화[^,\t\"]*", "\u200b");
    }
  },
  INVALID_UTF_8 {
    @Override
    byte[] whole(String text, Random random) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      bytes[random.nextInt(bytes.length)] = (byte) 0xff;
      return bytes;
    }
  },
  CP949 {
    @Override
    byte[] whole(String text, Random random) {
      return text.getBytes(Charset.forName("MS949"));
    }
  },
  UTF_16 {
    @Override
    byte[] whole(String text, Random random) {
      return text.getBytes(StandardCharsets.UTF_16);
    }
  },
  COMPRESSED_WITHOUT_SAYING {
    @Override
    byte[] whole(String text, Random random) throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
        out.write(text.getBytes(StandardCharsets.UTF_8));
      }
      return bytes.toByteArray();
    }
  },
  ONLY_A_HEADER {
    @Override
    byte[] whole(String text, Random random) {
      return text.substring(0, text.indexOf('\n') + 1).getBytes(StandardCharsets.UTF_8);
    }
  },
  ONE_ROW {
    @Override
    byte[] whole(String text, Random random) {
      return text.lines().limit(2).collect(Collectors.joining("\n")).getBytes(UTF_8);
    }
  },
  NO_HEADER {
    @Override
    byte[] whole(String text, Random random) {
      return text.substring(text.indexOf('\n') + 1).getBytes(UTF_8);
    }
  },
  COLUMN_RENAMED {
    @Override
    byte[] whole(String text, Random random) {
      String column = Fault.of(List.of("id", "document", "label"), random);
      return text.replace(column, "column").getBytes(UTF_8);
    }
  },
  COLUMN_TWICE {
    @Override
    byte[] whole(String text, Random random) {
      return text.replaceFirst("id", "label").getBytes(UTF_8);
    }
  },
  ANOTHER_SEPARATOR {
    @Override
    byte[] whole(String text, Random random) {
      return text.replace(text.indexOf('\t') >= 0 ? '\t' : ',', ';').getBytes(UTF_8);
    }
  },
  SAME_LABEL_THROUGHOUT {
    @Override
    byte[] whole(String text, Random random) {
      return text.replace("부정", "긍정").getBytes(UTF_8);
    }
  };

  private static final Charset UTF_8 = StandardCharsets.UTF_8;

  @Override
  public String damage(Path file, Random random) throws IOException {
    Files.write(file, whole(Files.readString(file), random));
    return toString();
  }

  /// The whole file with the fault: here of one row, the header among them.
  byte[] whole(String text, Random random) throws IOException {
    List<String> rows = new ArrayList<>(text.lines().toList());
    int at = random.nextInt(rows.size());
    rows.set(at, row(rows.get(at), random));
    return (String.join("\n", rows) + "\n").getBytes(UTF_8);
  }

  String row(String row, Random random) {
    return row;
  }

  private static String labelled(String row, String label) {
    return row.replaceAll("긍정|부정", label);
  }
}
