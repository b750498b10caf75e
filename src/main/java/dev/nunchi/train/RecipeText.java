package dev.nunchi.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.data.EncodingHint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/// The text of a recipe's file, and the sentences that say why it is no recipe.
///
/// @param yaml without a byte order mark
record RecipeText(Path file, String yaml) {
  private static final String BYTE_ORDER_MARK = "\uFEFF";
  private static final String DUPLICATE = "Duplicate field '";

  static RecipeText of(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int start = 0;
    long line = 1;
    for (int i = 0; i <= bytes.length; i++) {
      if (i == bytes.length || bytes[i] == '\n') {
        byte[] single = Arrays.copyOfRange(bytes, start, i);
        if (!EncodingHint.isUtf8(single) || isWide(single)) {
          throw invalid(file, line, "the bytes are not valid UTF-8" + EncodingHint.of(single));
        }
        start = i + 1;
        line++;
      }
    }
    String yaml = new String(bytes, StandardCharsets.UTF_8);
    return new RecipeText(file, yaml.startsWith(BYTE_ORDER_MARK) ? yaml.substring(1) : yaml);
  }

  private static boolean isWide(byte[] bytes) {
    for (byte single : bytes) {
      if (single == 0) {
        return true;
      }
    }
    return false;
  }

  /// The keys of the recipe.
  ObjectNode parse(ObjectMapper mapper) {
    JsonNode json;
    try {
      json = mapper.readTree(yaml);
    } catch (JsonProcessingException e) {
      throw broken(e);
    }
    if (json instanceof ObjectNode object) {
      return object;
    }
    throw RecipeReader.invalid(
        "%s: expected 'key: value' lines, found %s".formatted(file, kind(json)));
  }

  private NunchiException broken(JsonProcessingException e) {
    long line = e.getLocation() == null ? 1 : Math.max(1, e.getLocation().getLineNr());
    Optional<String> twice = duplicate(e);
    if (twice.isPresent()) {
      return invalid(file, line, "the key '%s' occurs twice".formatted(twice.get()));
    }
    Optional<Long> tab = firstTab();
    if (tab.isPresent()) {
      return invalid(file, tab.get(), "the line is indented with a tab; YAML wants spaces");
    }
    if (e.getOriginalMessage().startsWith("Trailing token")) {
      return invalid(file, line, "a second document begins; a recipe is one");
    }
    return invalid(file, line, "not YAML: " + firstSentence(e.getOriginalMessage()));
  }

  /// The key that occurs twice, where that is what is wrong.
  static Optional<String> duplicate(JsonProcessingException e) {
    String message = e.getOriginalMessage();
    return message.startsWith(DUPLICATE)
        ? Optional.of(message.substring(DUPLICATE.length(), message.lastIndexOf('\'')))
        : Optional.empty();
  }

  /// The first line with a tab before its first character.
  private Optional<Long> firstTab() {
    long number = 0;
    for (String line : yaml.lines().toList()) {
      number++;
      String indent = line.substring(0, line.length() - line.stripLeading().length());
      if (indent.indexOf('\t') >= 0) {
        return Optional.of(number);
      }
    }
    return Optional.empty();
  }

  private static String firstSentence(String message) {
    return message.lines().map(String::strip).findFirst().orElse("it is broken");
  }

  private static String kind(JsonNode json) {
    if (json.isArray()) {
      return "a list";
    }
    return json.isMissingNode() || json.isNull() ? "nothing" : "a text";
  }

  private static NunchiException invalid(Path file, long line, String message) {
    return RecipeReader.invalid("%s:%d: %s".formatted(file, line, message));
  }
}
