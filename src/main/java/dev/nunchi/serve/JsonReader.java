package dev.nunchi.serve;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;

/// Reads bodies strictly: UTF-8, one JSON object, no field twice, no field that the contract lacks,
/// no number where a string belongs, nothing over the bounds on numbers, names, levels and how many
/// names and values there are: reading stops there. What it refuses it never quotes, but for names
/// of fields.
final class JsonReader<T> {
  private static final int LONGEST_NAME = 64;
  private static final int LONGEST_NUMBER = 400;
  private static final int LONGEST_FIELD_NAME = 1_000;
  private static final int MOST_LEVELS = 100;

  private final ObjectReader reader;
  private final Limits limits;

  JsonReader(Class<T> type, Limits limits) {
    this.limits = limits;
    StreamReadConstraints bounds =
        StreamReadConstraints.builder()
            .maxNumberLength(LONGEST_NUMBER)
            .maxNameLength(LONGEST_FIELD_NAME)
            .maxNestingDepth(MOST_LEVELS)
            .maxTokenCount(limits.mostFields())
            .build();
    reader =
        JsonMapper.builder(
                JsonFactory.builder()
                    .streamReadConstraints(bounds)
                    // What has zeros at its start would be read as UTF-16 or UTF-32.
                    .disable(JsonFactory.Feature.CHARSET_DETECTION)
                    .build())
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .withCoercionConfig(
                LogicalType.Textual,
                config -> {
                  config.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail);
                  config.setCoercion(CoercionInputShape.Float, CoercionAction.Fail);
                  config.setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
                })
            .build()
            .readerFor(type);
  }

  /// @throws NunchiException `INVALID_UTF8` or `INVALID_ARGUMENT`
  T read(byte[] body) {
    checkUtf8(body);
    int from = hasByteOrderMark(body) ? 3 : 0;
    try (JsonParser parser = reader.createParser(body, from, body.length - from)) {
      return read(parser);
    } catch (IOException e) {
      throw new IllegalStateException("Reading from memory failed", e);
    }
  }

  private T read(JsonParser parser) throws IOException {
    try {
      T value = reader.readValue(parser);
      if (value == null) {
        throw notAnObject();
      }
      return value;
    } catch (UnrecognizedPropertyException e) {
      throw unknownField(e);
    } catch (StreamConstraintsException e) {
      throw overABound(e, parser);
    } catch (JsonMappingException e) {
      // A mistake of the syntax comes wrapped where it is within a list.
      throw switch (e.getCause()) {
        case StreamConstraintsException constraint -> overABound(constraint, parser);
        case JsonParseException syntax -> notJson(syntax);
        case null, default -> wrongType(e);
      };
    } catch (JsonProcessingException e) {
      throw notJson(e);
    }
  }

  private static boolean hasByteOrderMark(byte[] body) {
    return body.length >= 3
        && body[0] == (byte) 0xef
        && body[1] == (byte) 0xbb
        && body[2] == (byte) 0xbf;
  }

  private static void checkUtf8(byte[] body) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body));
    } catch (CharacterCodingException e) {
      throw new NunchiException(Reason.INVALID_UTF8, "The body is not UTF-8", e);
    }
  }

  private static NunchiException unknownField(UnrecognizedPropertyException e) {
    String field = path(e);
    String known =
        e.getKnownPropertyIds().stream().map(String::valueOf).collect(Collectors.joining(", "));
    return NunchiException.ofField(
        Reason.INVALID_ARGUMENT,
        field,
        "There is no field '%s'; there are: %s".formatted(field, known));
  }

  private static NunchiException wrongType(JsonMappingException e) {
    String field = path(e);
    if (field.isEmpty()) {
      return notAnObject();
    }
    return NunchiException.ofField(
        Reason.INVALID_ARGUMENT,
        field,
        "The value of '%s' is not of the field's type, or out of its range".formatted(field));
  }

  private static NunchiException notJson(JsonProcessingException e) {
    String why =
        e.getOriginalMessage().startsWith("Duplicate")
            ? "has a field for the second time"
            : "is not JSON";
    return placed("The body " + why, e.getLocation());
  }

  /// The exception has no place of its own, and no mark of its kind but its words.
  private NunchiException overABound(StreamConstraintsException e, JsonParser parser) {
    String message = e.getOriginalMessage();
    if (message.startsWith("Token count")) {
      return limits.tooManyFields("body");
    }
    String why =
        message.startsWith("Number")
            ? "a number of more than %d digits".formatted(LONGEST_NUMBER)
            : message.startsWith("Document nesting")
                ? "more than %d levels".formatted(MOST_LEVELS)
                : "a name of more than %d characters".formatted(LONGEST_FIELD_NAME);
    return placed("The body has " + why, parser.currentLocation());
  }

  private static NunchiException placed(String what, JsonLocation place) {
    return new NunchiException(
        Reason.INVALID_ARGUMENT,
        "%s at line %d, column %d".formatted(what, place.getLineNr(), place.getColumnNr()));
  }

  private static NunchiException notAnObject() {
    return new NunchiException(Reason.INVALID_ARGUMENT, "The body is one JSON object");
  }

  /// Where in the body, as `evidence.max_span_count`; a name that is too long is cut.
  private static String path(JsonMappingException e) {
    return e.getPath().stream()
        .map(part ->
            part.getFieldName() == null ? "[" + part.getIndex() + "]" : cut(part.getFieldName()))
        .collect(Collectors.joining("."))
        .replace(".[", "[");
  }

  private static String cut(String name) {
    return name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME) + "…";
  }
}
