package dev.nunchi.model;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.PlainFile;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/// Reads and writes the JSON files of a model directory: a duplicate key or anything after the
/// object is an error, and what is written has one stable layout.
final class Json {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();
  private static final Pattern HALF_CHARACTER = Pattern.compile("\\p{Cs}");
  private static final String DUPLICATE = "Duplicate field '";
  private static final ObjectWriter PRETTY =
      MAPPER.writer(
          new DefaultPrettyPrinter(
                  Separators.createDefaultInstance()
                      .withObjectFieldValueSpacing(Separators.Spacing.AFTER))
              .withObjectIndenter(new DefaultIndenter("  ", "\n")));

  private Json() {}

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /// @throws NunchiException `INVALID_MODEL` where the file is missing or holds no JSON object
  static ObjectNode read(Path file) {
    PlainFile.require(file);
    try {
      return parse(file, Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      throw new NunchiException(Reason.INVALID_MODEL, file + " is missing", e);
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, file + " cannot be read", e);
    }
  }

  /// @param file named in errors
  static ObjectNode parse(Path file, byte[] utf8) {
    JsonNode node;
    try {
      node = MAPPER.readTree(utf8);
    } catch (JsonProcessingException e) {
      throw new NunchiException(Reason.INVALID_MODEL, file + fault(e), e);
    } catch (IOException e) {
      throw new NunchiException(Reason.INVALID_MODEL, file + " is not valid JSON", e);
    }
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw new NunchiException(Reason.INVALID_MODEL, file + " does not hold a JSON object");
  }

  static String pretty(JsonNode node) {
    try {
      return escaped(PRETTY.writeValueAsString(node)) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  static byte[] compact(JsonNode node) {
    try {
      return escaped(MAPPER.writeValueAsString(node)).getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Half of a surrogate pair, which a file may have as an escape, has no other form in UTF-8.
  private static String escaped(String json) {
    return HALF_CHARACTER
        .matcher(json)
        .replaceAll(half -> "\\\\u%04x".formatted((int) half.group().charAt(0)));
  }

  /// The key that occurs twice, where that is what is wrong, and where it is.
  private static String fault(JsonProcessingException e) {
    String message = e.getOriginalMessage();
    return message.startsWith(DUPLICATE)
        ? " has the key '%s' twice%s"
            .formatted(message.substring(DUPLICATE.length(), message.lastIndexOf('\'')), place(e))
        : " is not valid JSON" + place(e);
  }

  private static String place(JsonProcessingException e) {
    return e.getLocation() == null
        ? ""
        : " (line %d, column %d)"
            .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
  }
}
