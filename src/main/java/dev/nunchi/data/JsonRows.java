package dev.nunchi.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.nunchi.text.Surrogates;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One JSON object a line. The first one says which fields hold the example; a text is a string, a
/// label or id may also be a number or a boolean and is taken as it is written. Several labels are
/// an array.
final class JsonRows implements Rows {
  private static final ObjectReader READER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          // Numbers as they are written: 0.50 stays 0.50.
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build()
          .readerFor(JsonNode.class);

  private static final String DUPLICATE = "Duplicate field '";

  private final Lines lines;
  private final Columns columns;
  private final LabelField labels;
  private final BlankTail<Line> rows;
  private Columns.@Nullable Resolved resolved;

  private record Line(long number, String json) {}

  JsonRows(Lines lines, Columns columns, LabelField labels, boolean live) {
    this.lines = lines;
    this.rows = new BlankTail<>(this::read, line -> line.json().isBlank(), live);
    this.columns = columns;
    this.labels = labels;
  }

  @Override
  public @Nullable Row next() {
    Line next = rows.next();
    if (next == null) {
      return null;
    }
    long firstLine = next.number();
    JsonNode object = parse(next.json(), firstLine);
    if (resolved == null) {
      List<String> names = object.propertyStream().map(entry -> entry.getKey()).toList();
      resolved = columns.resolve(names, labels, lines.source(), firstLine);
    }
    Columns.Resolved fields = resolved;
    return Row.of(
        lines.source(),
        firstLine,
        fields,
        fields.id() == null
            ? null
            : scalar(fields.id(), field(object, fields.id(), firstLine), firstLine),
        text(object, fields.text(), firstLine),
        fields.label() == null ? null : labels(object, fields.label(), firstLine),
        fields.context() == null ? null : text(object, fields.context(), firstLine));
  }

  private @Nullable Line read() {
    String json = lines.next();
    return json == null ? null : new Line(lines.number(), json);
  }

  private JsonNode parse(String json, long line) {
    JsonNode node;
    try {
      node = READER.readTree(json);
    } catch (JsonProcessingException e) {
      if (e.getOriginalMessage().startsWith(DUPLICATE)) {
        String name = e.getOriginalMessage().substring(DUPLICATE.length()).replaceFirst("'$", "");
        throw lines.source().invalid(line, "field %s occurs twice".formatted(Source.shown(name)));
      }
      // Jackson's message quotes the line, which may hold a text.
      throw lines
          .source()
          .invalid(
              line,
              "expected one JSON object, broken at column %d"
                  .formatted(e.getLocation() == null ? 1 : e.getLocation().getColumnNr()));
    }
    if (!node.isObject()) {
      throw lines
          .source()
          .invalid(
              line,
              node.isMissingNode()
                  ? "the line is empty; expected one JSON object"
                  : "expected one JSON object, found " + kind(node));
    }
    return node;
  }

  private String text(JsonNode object, String name, long line) {
    JsonNode node = field(object, name, line);
    if (node.isNull()) {
      // What pandas writes for a cell without a text.
      return "";
    }
    if (!node.isTextual()) {
      throw mistyped(name, "a string", node, line);
    }
    String text = node.textValue();
    if (!Surrogates.arePaired(text)) {
      throw lines
          .source()
          .invalid(line, "field %s holds half a surrogate pair".formatted(Source.shown(name)));
    }
    return text;
  }

  private List<String> labels(JsonNode object, String name, long line) {
    JsonNode node = field(object, name, line);
    if (labels == LabelField.SEVERAL && node.isArray()) {
      return node.valueStream().map(label -> scalar(name, label, line)).toList();
    }
    String value = scalar(name, node, line);
    return LabelList.isList(value) || labels != LabelField.SEVERAL
        ? labels.labels(value, name, lines.source(), line)
        : List.of(value);
  }

  private String scalar(String name, JsonNode node, long line) {
    if (!node.isTextual() && !node.isNumber() && !node.isBoolean()) {
      throw mistyped(name, "a string or a number", node, line);
    }
    return node.asText();
  }

  private JsonNode field(JsonNode object, String name, long line) {
    JsonNode node = object.get(name);
    if (node == null) {
      throw lines.source().invalid(line, "field %s is missing".formatted(Source.shown(name)));
    }
    return node;
  }

  private RuntimeException mistyped(String name, String expected, JsonNode node, long line) {
    return lines
        .source()
        .invalid(
            line,
            "expected %s in field %s, found %s"
                .formatted(expected, Source.shown(name), kind(node)));
  }

  private static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case ARRAY -> "an array";
      case OBJECT -> "an object";
      case STRING -> "a string";
      case NUMBER -> "a number";
      case BOOLEAN -> "a boolean";
      case NULL -> "null";
      case BINARY, MISSING, POJO -> node.getNodeType().name();
    };
  }

  @Override
  public void close() {
    lines.close();
  }
}
