package dev.nunchi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Numbers with a point or with commas look the same whatever the machine's language: they are
/// formatted in the ROOT locale, which `"…".formatted` cannot be told. Whole numbers without commas
/// may go through it; the program sets the default locale when it starts.
class NumberFormatTest {
  private static final String LITERALS = "(?:\"(?:[^\"\\\\\\n]|\\\\.)*\"\\s*\\+?\\s*)+";

  /// `%,d`, `%.4f`, `%+.2f`, `%e`.
  private static final Pattern POINT_OR_COMMA =
      Pattern.compile("%[-+ 0#(]*(,[-+ 0#(,]*\\d*d|,?\\d*(\\.\\d+)?[feEgG])");

  private static final List<Pattern> WITHOUT_LOCALE =
      List.of(
          Pattern.compile("(" + LITERALS + ")\\)?\\s*\\.formatted\\("),
          Pattern.compile("(?:String\\.format|printf)\\(\\s*(" + LITERALS + ")"));

  @Test
  void sources_ofTheProduct_formatSuchNumbersInTheRootLocale() throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        violations(Files.readString(file)).forEach(each -> found.add(file + ": " + each));
      }
    }
    assertEquals(List.of(), found, "String.format(Locale.ROOT, …)");
  }

  @Test
  void rule_onBothKindsOfCalls_findsThem() {
    assertEquals(1, violations("x(\"%,d of %s\".formatted(1, 2))").size());
    assertEquals(1, violations("(\"a\"\n  + \" %+.2f\")\n  .formatted(1.0)").size());
    assertEquals(1, violations("err.printf(\"%.4f%n\", 1.0)").size());
    assertTrue(violations("String.format(Locale.ROOT, \"%.4f%n\", 1.0)").isEmpty());
    assertTrue(violations("\"line %d of %s: 5 %% done\".formatted(1, 2)").isEmpty());
    assertFalse(violations("String.format(\"%e\", 1.0)").isEmpty());
  }

  private static List<String> violations(String source) {
    List<String> found = new ArrayList<>();
    for (Pattern call : WITHOUT_LOCALE) {
      Matcher matcher = call.matcher(source);
      while (matcher.find()) {
        if (POINT_OR_COMMA.matcher(matcher.group(1)).find()) {
          found.add(matcher.group(1).strip());
        }
      }
    }
    return found;
  }
}
