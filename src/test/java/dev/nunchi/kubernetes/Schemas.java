package dev.nunchi.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/// The schemas of the API, of Kubernetes itself and of what is added to it; `schemas.py` beside
/// `schemas.json.gz` says of which versions and where they come from.
final class Schemas {
  private static final Pattern QUANTITY =
      Pattern.compile("[+-]?\\d+(\\.\\d{0,3})?([numkMGTPE]|[KMGTPE]i|[eE][+-]?\\d+)?");

  private final JsonNode kinds;
  private final JsonNode definitions;
  private final JsonNode sources;

  private Schemas(JsonNode json) {
    kinds = json.get("kinds");
    definitions = json.get("definitions");
    sources = json.get("sources");
  }

  static Schemas read() {
    try (InputStream file = Schemas.class.getResourceAsStream("schemas.json.gz")) {
      return new Schemas(new ObjectMapper().readTree(new GZIPInputStream(file)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The modules that they were taken from, with their versions.
  List<String> sources() {
    List<String> names = new ArrayList<>();
    sources.forEach(name -> names.add(name.asText()));
    return names;
  }

  /// What the API would refuse of an object.
  List<String> problems(Map<String, Object> object) {
    List<String> problems = new ArrayList<>();
    JsonNode schema = kinds.path(kind(object));
    if (schema.isMissingNode()) {
      problems.add("there is no schema of %s".formatted(kind(object)));
    } else {
      check(object, schema, Kustomization.id(object), problems);
    }
    return problems;
  }

  private static String kind(Map<String, Object> object) {
    return Yaml.text(object, "apiVersion") + "/" + Yaml.text(object, "kind");
  }

  private JsonNode resolved(JsonNode schema) {
    JsonNode here = schema;
    while (here.has("$ref")) {
      here = definitions.get(here.get("$ref").asText());
    }
    return here;
  }

  private void check(Object value, JsonNode reference, String place, List<String> problems) {
    JsonNode schema = resolved(reference);
    if (value == null) {
      problems.add(place + " has no value");
      return;
    }
    String type = schema.path("type").asText();
    if (!isOfType(value, type)) {
      problems.add("%s is %s, not %s".formatted(place, value, type));
      return;
    }
    switch (value) {
      case Map<?, ?> map -> checkFields(Yaml.map(map), schema, place, problems);
      case List<?> list -> {
        checkSize(list.size(), schema, "Items", place, problems);
        for (int i = 0; i < list.size(); i++) {
          check(list.get(i), schema.path("items"), "%s[%d]".formatted(place, i), problems);
        }
      }
      default -> checkValue(value, schema, place, problems);
    }
  }

  private static boolean isOfType(Object value, String type) {
    return switch (type) {
      case "object" -> value instanceof Map;
      case "array" -> value instanceof List;
      case "string" -> value instanceof String;
      case "boolean" -> value instanceof Boolean;
      case "integer" -> value instanceof Integer || value instanceof Long;
      case "number" -> value instanceof Number;
      case "int-or-string" -> value instanceof Integer || value instanceof String;
      case "quantity" ->
          value instanceof Integer
              || (value instanceof String text && QUANTITY.matcher(text).matches());
      default -> true;
    };
  }

  private void checkFields(
      Map<String, Object> map, JsonNode schema, String place, List<String> problems) {
    JsonNode properties = schema.path("properties");
    JsonNode others = schema.path("additionalProperties");
    checkSize(map.size(), schema, "Properties", place, problems);
    map.forEach((name, value) -> {
      if (properties.has(name)) {
        check(value, properties.get(name), place + "." + name, problems);
      } else if (!others.isMissingNode()) {
        check(value, others, place + "." + name, problems);
      } else if (!schema.has("open") && (schema.has("properties") || isStrict(schema))) {
        problems.add("%s has no field %s".formatted(place, name));
      }
    });
    for (JsonNode name : schema.path("required")) {
      if (!map.containsKey(name.asText())) {
        problems.add("%s lacks %s".formatted(place, name.asText()));
      }
    }
  }

  /// An object of which nothing is said has no fields.
  private static boolean isStrict(JsonNode schema) {
    return schema.path("type").asText().equals("object");
  }

  private static void checkSize(
      int size, JsonNode schema, String what, String place, List<String> problems) {
    if (size < schema.path("min" + what).asInt(0)
        || size > schema.path("max" + what).asInt(Integer.MAX_VALUE)) {
      problems.add("%s has %d %s".formatted(place, size, what));
    }
  }

  private static void checkValue(
      Object value, JsonNode schema, String place, List<String> problems) {
    if (schema.has("enum")) {
      List<String> values = new ArrayList<>();
      schema.get("enum").forEach(each -> values.add(each.asText()));
      if (!values.contains(value.toString())) {
        problems.add("%s is %s, not one of %s".formatted(place, value, values));
      }
    }
    if (value instanceof String text) {
      checkSize(text.length(), schema, "Length", place, problems);
      if (schema.has("pattern")
          && !Pattern.compile(schema.get("pattern").asText()).matcher(text).find()) {
        problems.add("%s is %s, not %s".formatted(place, text, schema.get("pattern").asText()));
      }
    }
    if (value instanceof Number number
        && (number.doubleValue() < schema.path("minimum").asDouble(Double.NEGATIVE_INFINITY)
            || number.doubleValue() > schema.path("maximum").asDouble(Double.POSITIVE_INFINITY))) {
      problems.add("%s is %s, out of its range".formatted(place, number));
    }
  }

  /// A strategic merge: maps by field, lists by the key that their schema names, or in the whole;
  /// what is new in a list stands before the rest, as with kustomize.
  void merge(Map<String, Object> target, Map<String, Object> change) {
    merge(target, change, kinds.path(kind(target)));
  }

  private void merge(Map<String, Object> target, Map<String, Object> change, JsonNode reference) {
    JsonNode schema = resolved(reference);
    change.forEach((name, value) -> {
      JsonNode field =
          schema.path("properties").has(name)
              ? schema.get("properties").get(name)
              : schema.path("additionalProperties");
      Object there = target.get(name);
      if (name.startsWith("$")) {
        throw new IllegalArgumentException(name + " is unknown here");
      } else if (value == null) {
        target.remove(name);
      } else if (there instanceof Map<?, ?> && value instanceof Map<?, ?>) {
        merge(Yaml.map(there), Yaml.map(value), field);
      } else if (there instanceof List<?> && field.has("mergeKey")) {
        mergeList(Yaml.list(there), Yaml.list(value), field);
      } else {
        target.put(name, Yaml.copy(value));
      }
    });
  }

  private void mergeList(List<Object> target, List<Object> change, JsonNode schema) {
    String key = schema.get("mergeKey").asText();
    List<Object> added = new ArrayList<>();
    for (Object item : change) {
      target.stream()
          .filter(other -> Yaml.text(other, key).equals(Yaml.text(item, key)))
          .findFirst()
          .ifPresentOrElse(
              other -> merge(Yaml.map(other), Yaml.map(item), schema.get("items")),
              () -> added.add(Yaml.copy(item)));
    }
    target.addAll(0, added);
  }
}
