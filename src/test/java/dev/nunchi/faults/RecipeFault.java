package dev.nunchi.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// What can be wrong with a recipe beside the bytes of its file.
public enum RecipeFault implements Fault {
  VALUE {
    @Override
    void change(List<String> lines, Random random) {
      int at = random.nextInt(lines.size());
      String line = lines.get(at);
      lines.set(at, line.substring(0, line.indexOf(':') + 1) + " " + value(random));
    }
  },
  NUMBER {
    @Override
    void change(List<String> lines, Random random) {
      List<String> numbers = lines.stream().filter(line -> line.matches(".*: [0-9].*")).toList();
      if (numbers.isEmpty()) {
        lines.add("1");
        return;
      }
      String line = Fault.of(numbers, random);
      String number =
          Fault.of(
              List.of("-1", "0", "1", "3", "7", "1000", "100000", "2147483647", "1.0e+12"), random);
      lines.set(lines.indexOf(line), line.substring(0, line.indexOf(':') + 1) + " " + number);
    }
  },
  KEY_UNKNOWN {
    @Override
    void change(List<String> lines, Random random) {
      int at = random.nextInt(lines.size());
      lines.set(at, lines.get(at).replaceFirst("(\\w)(\\w+):", "$2$1:"));
    }
  },
  KEY_TWICE {
    @Override
    void change(List<String> lines, Random random) {
      lines.add(Fault.of(lines.stream().filter(line -> !line.startsWith(" ")).toList(), random));
    }
  },
  NO_KEY {
    @Override
    void change(List<String> lines, Random random) {
      lines.set(random.nextInt(lines.size()), "just words");
    }
  },
  TAB {
    @Override
    void change(List<String> lines, Random random) {
      int at = random.nextInt(lines.size());
      lines.set(at, "\t" + lines.get(at).strip());
    }
  },
  INDENTED {
    @Override
    void change(List<String> lines, Random random) {
      int at = random.nextInt(lines.size());
      lines.set(at, "   " + lines.get(at));
    }
  },
  ALIAS_OF_NOTHING {
    @Override
    void change(List<String> lines, Random random) {
      lines.add("name: *nothing");
    }
  },
  ALIASES_OF_ALIASES {
    @Override
    void change(List<String> lines, Random random) {
      lines.add("label_mapping: &a0 [x, x, x, x, x, x, x, x, x]");
      for (int i = 1; i < 12; i++) {
        lines.add("key%d: &a%d [%s]".formatted(i, i, ("*a" + (i - 1) + ", ").repeat(9)));
      }
    }
  },
  ALIAS_OF_ITSELF {
    @Override
    void change(List<String> lines, Random random) {
      lines.add("labels: &a [*a, *a]");
    }
  },
  TAG {
    @Override
    void change(List<String> lines, Random random) {
      lines.add(
          Fault.of(
              List.of(
                  "name: !!javax.script.ScriptEngineManager [x]",
                  "name: !unknown x",
                  "name: !!binary aGVsbG8=",
                  "seed: !!int x"),
              random));
    }
  },
  SECOND_DOCUMENT {
    @Override
    void change(List<String> lines, Random random) {
      lines.add(random.nextInt(lines.size()), "---");
    }
  },
  LIST {
    @Override
    void change(List<String> lines, Random random) {
      lines.replaceAll(line -> "- " + line);
    }
  },
  NESTED {
    @Override
    void change(List<String> lines, Random random) {
      lines.add("model_config: " + "[".repeat(5000) + "]".repeat(5000));
    }
  };

  private static final List<String> VALUES =
      List.of(
          "-1",
          "0",
          "1",
          "2",
          "2147483647",
          "2147483648",
          "-9223372036854775808",
          "1000000000000",
          "7".repeat(2000),
          "0.5",
          "1.0",
          "1.5",
          "1e308",
          "-1e-320",
          "1e999",
          ".nan",
          ".inf",
          "-.inf",
          "null",
          "~",
          "yes",
          "no",
          "true",
          "''",
          "' '",
          "words",
          "한글",
          "0=긍정,1=긍정",
          "1-4=",
          "=",
          "[]",
          "{}",
          "[1, 2]",
          "{a: 1}",
          "{긍정: 1}",
          "{긍정: .nan, 부정: -1}",
          "{긍정: 7, 부정: -7}",
          "{중립: 0, 긍정: 1, 부정: -1}",
          "2001-01-01",
          "0x7fffffffffffffff",
          "\"\\ud83d\"",
          "\"\\0\"",
          "\"/\"",
          "..",
          "/dev/null",
          "train.tsv",
          "steps",
          "epoch",
          "loss",
          "balanced");

  /// A value that few keys take.
  public static String value(Random random) {
    return Fault.of(VALUES, random);
  }

  @Override
  public String damage(Path file, Random random) throws IOException {
    List<String> before = Files.readAllLines(file);
    List<String> lines = new ArrayList<>(before);
    change(lines, random);
    Files.write(file, lines);
    lines.removeAll(before);
    String added = String.join("; ", lines);
    return "%s: %s".formatted(this, added.substring(0, Math.min(added.length(), 200)));
  }

  abstract void change(List<String> lines, Random random);
}
