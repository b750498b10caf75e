package dev.nunchi.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/// An object of a JSON file, read key by key: a key that is missing or holds something else than
/// what is asked for is refused by name, and the keys that no one asks for are [#unread].
///
/// Every method that takes a key throws a [NunchiException] `INVALID_MODEL` that names the file,
/// the key, what was expected and what came.
final class JsonFields {
  private final Path file;
  private final String place;
  private final JsonNode object;
  private final Set<String> asked = new HashSet<>();
  private final List<JsonFields> inner = new ArrayList<>();

  /// @param file named in errors
  JsonFields(Path file, JsonNode object) {
    this(file, "", object);
  }

  private JsonFields(Path file, String place, JsonNode object) {
    this.file = file;
    this.place = place;
    this.object = object;
  }

  boolean has(String key) {
    asked.add(key);
    return object.has(key);
  }

  boolean isNull(String key) {
    return value(key).isNull();
  }

  int whole(String key, int least, int most) {
    JsonNode value = value(key);
    if (!value.isInt() || value.intValue() < least || value.intValue() > most) {
      throw invalid(key, "a whole number in [%d, %d]".formatted(least, most), value);
    }
    return value.intValue();
  }

  double number(String key, double least, double most, String expected) {
    JsonNode value = value(key);
    if (!value.isNumber() || !(value.doubleValue() >= least) || value.doubleValue() > most) {
      throw invalid(key, expected, value);
    }
    return value.doubleValue();
  }

  boolean flag(String key) {
    JsonNode value = value(key);
    if (!value.isBoolean()) {
      throw invalid(key, "true or false", value);
    }
    return value.booleanValue();
  }

  String text(String key) {
    return matching(key, ".*", "a string");
  }

  String matching(String key, String pattern, String expected) {
    return matching(key, value(key), pattern, expected);
  }

  <E extends Enum<E>> E oneOf(String key, E[] values, Function<E, String> name) {
    String text = text(key);
    return Arrays.stream(values)
        .filter(value -> name.apply(value).equals(text))
        .findFirst()
        .orElseThrow(() ->
            invalid(
                key,
                "one of " + String.join(", ", Arrays.stream(values).map(name).toList()),
                text));
  }

  List<JsonNode> list(String key) {
    JsonNode value = value(key);
    if (!value.isArray()) {
      throw invalid(key, "a list", value);
    }
    return value.valueStream().toList();
  }

  List<String> strings(String key) {
    return list(key).stream().map(each -> matching(key, each, ".*", "a list of strings")).toList();
  }

  /// A whole number of things, 0 or more.
  long count(String key) {
    return count(key, value(key));
  }

  List<Long> counts(String key) {
    return list(key).stream().map(each -> count(key, each)).toList();
  }

  private long count(String key, JsonNode value) {
    if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
      throw invalid(key, "a count, 0 or more", value);
    }
    return value.longValue();
  }

  JsonFields object(String key) {
    return inside(key, value(key));
  }

  /// A list of objects.
  List<JsonFields> objects(String key) {
    return list(key).stream().map(each -> inside(key, each)).toList();
  }

  /// An object of free keys whose values are numbers.
  Map<String, Double> numbers(String key) {
    Map<String, Double> numbers = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : free(key)) {
      if (!entry.getValue().isNumber()) {
        throw invalid(key + ": " + entry.getKey(), "a number", entry.getValue());
      }
      numbers.put(entry.getKey(), entry.getValue().doubleValue());
    }
    return numbers;
  }

  /// An object of free keys whose values are strings.
  Map<String, String> texts(String key, String pattern, String expected) {
    Map<String, String> texts = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : free(key)) {
      texts.put(
          entry.getKey(),
          matching(key + ": " + entry.getKey(), entry.getValue(), pattern, expected));
    }
    return texts;
  }

  /// The keys that were not asked for, here and in the objects that were; those inside another
  /// object with its key before them.
  List<String> unread() {
    return Stream.concat(
            object
                .propertyStream()
                .map(Map.Entry::getKey)
                .filter(key -> !asked.contains(key))
                .map(key -> place + key),
            inner.stream().flatMap(each -> each.unread().stream()))
        .distinct()
        .toList();
  }

  NunchiException invalid(String key, String expected, Object came) {
    return new NunchiException(
        Reason.INVALID_MODEL,
        "%s: %s%s should be %s, but is %s".formatted(file, place, key, expected, came));
  }

  private JsonNode value(String key) {
    if (!has(key)) {
      throw new NunchiException(
          Reason.INVALID_MODEL, "%s: %s%s is missing".formatted(file, place, key));
    }
    return object.get(key);
  }

  private String matching(String key, JsonNode value, String pattern, String expected) {
    if (!value.isTextual() || !value.textValue().matches("(?s)" + pattern)) {
      throw invalid(key, expected, value);
    }
    return value.textValue();
  }

  private JsonFields inside(String key, JsonNode value) {
    if (!value.isObject()) {
      throw invalid(key, "an object", value);
    }
    JsonFields fields = new JsonFields(file, place + key + ": ", value);
    inner.add(fields);
    return fields;
  }

  private Set<Map.Entry<String, JsonNode>> free(String key) {
    JsonNode value = value(key);
    if (!value.isObject()) {
      throw invalid(key, "an object", value);
    }
    return value.properties();
  }
}
