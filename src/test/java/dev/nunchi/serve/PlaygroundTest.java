package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.text.Truncation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What can be said of the page from its files alone; `src/bench/playground` opens it in a browser.
class PlaygroundTest {
  private static final Path FOLDER = Path.of("src/main/resources/dev/nunchi/serve/playground");
  private static final Pattern WORD = Pattern.compile("(?m)^    (\\w+): \"(.*)\",$");

  private static final Map<String, String> FILES = new TreeMap<>();

  @BeforeAll
  static void read() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      for (Path file : files.toList()) {
        FILES.put(String.valueOf(file.getFileName()), Files.readString(file));
      }
    }
  }

  @Test
  void files_inTheFolder_areTheServedOnes() {
    Set<String> served =
        Playground.TYPES.keySet().stream()
            .map(path -> path.equals("/") ? "index.html" : path.replace("/playground/", ""))
            .collect(Collectors.toSet());
    assertEquals(served, FILES.keySet());
  }

  /// Nothing is fetched from elsewhere, nothing is inline, and no text becomes markup.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "https?:",
        "[\"'`(=]\\s*//",
        "url\\(",
        "@import",
        "(?i)(inner|outer)HTML",
        "insertAdjacentHTML|document\\.write|srcdoc|DOMParser|\\beval\\b|new Function",
        "<style|\\sstyle=|\\son\\w+=",
        "<script(?! type=\"module\" src=\"playground/)",
        "localStorage|sessionStorage|document\\.cookie"
      })
  void files_whatThePolicyForbids_isInNone(String forbidden) {
    FILES.forEach(
        (name, content) -> assertFalse(Pattern.compile(forbidden).matcher(content).find(), name));
  }

  @Test
  void ids_thatAreUsed_areInThePage() {
    Set<String> ids = found(page(), "\\bid=\"([\\w-]+)\"");
    Set<String> used = found(scripts(), "byId\\(\"([\\w-]+)\"\\)");
    used.addAll(found(page(), "\\b(?:for|aria-labelledby|aria-describedby)=\"([\\w-]+)\""));
    used.addAll(found(page(), "href=\"#([\\w-]+)\""));
    used.addAll(found(String.valueOf(FILES.get("playground.css")), "(?m)^#([\\w-]+)"));
    assertTrue(used.size() > 10, used.toString());
    assertEquals(Set.of(), without(used, ids));
  }

  @Test
  void parts_ofAPane_areThoseThatTheScriptFills() {
    Set<String> parts = found(page(), "data-part=\"(\\w+)\"");
    assertEquals(parts, found(scripts(), "\\bpart\\.(\\w+)"));
  }

  @Test
  void words_ofBothLanguages_areTheSameAndAllUsed() {
    Map<String, String> english = words("en");
    Map<String, String> korean = words("ko");
    assertEquals(english.keySet(), korean.keySet());
    english.forEach((key, word) ->
        assertEquals(
            found(word, "\\{(\\w+)}"), found(String.valueOf(korean.get(key)), "\\{(\\w+)}"), key));
    Set<String> used = found(page(), "data-(?:word|placeholder)=\"(\\w+)\"");
    used.addAll(found(scripts(), "(?:word|this\\.#say)\\(\"(\\w+)\""));
    used.addAll(found(scripts(), "(?m)^    \\[\"(\\w+)\", "));
    used.addAll(found(scripts(), "\\? \"(speaks\\w+|progress\\w+|stopped)\" : "));
    used.addAll(found(scripts(), " : \"(\\w+)\"\\)"));
    Arrays.stream(Truncation.values()).map(JsonRequest::jsonName).forEach(used::add);
    assertEquals(Set.of(), without(used, english.keySet()), "not in words.js");
    assertEquals(Set.of(), without(english.keySet(), used), "used nowhere");
  }

  @Test
  void truncations_toChooseFrom_areThoseOfTheContract() {
    assertEquals(
        Arrays.stream(Truncation.values()).map(JsonRequest::jsonName).collect(Collectors.toSet()),
        found(page(), "<option value=\"(\\w+)\""));
  }

  private static String page() {
    return String.valueOf(FILES.get("index.html"));
  }

  private static String scripts() {
    return FILES.entrySet().stream()
        .filter(file -> file.getKey().endsWith(".js") && !file.getKey().equals("words.js"))
        .map(Map.Entry::getValue)
        .collect(Collectors.joining("\n"));
  }

  private static Map<String, String> words(String language) {
    String all = String.valueOf(FILES.get("words.js"));
    int start = all.indexOf("\n  " + language + ": {");
    String part = all.substring(start, all.indexOf("\n  },", start));
    return WORD.matcher(part)
        .results()
        .collect(Collectors.toMap(found -> found.group(1), found -> found.group(2)));
  }

  private static Set<String> found(String text, String expression) {
    return Pattern.compile(expression)
        .matcher(text)
        .results()
        .map((MatchResult result) -> result.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> without(Set<String> all, Set<String> known) {
    Set<String> left = new TreeSet<>(all);
    left.removeAll(known);
    return left;
  }
}
