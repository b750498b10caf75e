package dev.nunchi.faults;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// What can be wrong with one value of a JSON file that is otherwise as it was.
public enum JsonFault implements Fault {
  NULL("null"),
  ZERO("0"),
  NEGATIVE("-1"),
  SMALLEST("-2147483648"),
  LARGER_THAN_INT("2147483648"),
  LARGEST_INT("2147483647"),
  LARGER_THAN_LONG("9223372036854775808"),
  LARGER_THAN_DOUBLE("1e400"),
  LARGEST_EXPONENT("1e2147483647"),
  MANY_DIGITS("7".repeat(2000)),
  FRACTION("0.5"),
  NO_NUMBER("NaN"),
  INFINITE("-Infinity"),
  TEXT("\"twelve\""),
  NO_TEXT("\"\""),
  BLANK_TEXT("\" \""),
  LONG_TEXT("\"" + "가".repeat(100_000) + "\""),
  LONE_SURROGATE("\"\\ud83d\""),
  NUL("\"a\\u0000b\""),
  PATH("\"../../../../etc/passwd\""),
  BOOLEAN("true"),
  EMPTY_LIST("[]"),
  EMPTY_OBJECT("{}"),
  LIST("[1, \"a\", null, [2]]"),
  OBJECT("{\"a\": {\"b\": null}}"),
  NESTED("[".repeat(1000) + "]".repeat(1000)),
  DEEPLY_NESTED("{\"a\":".repeat(100_000) + "1" + "}".repeat(100_000)),
  ANOTHER_VALUE("") {
    @Override
    String raw(JsonNode whole, JsonNode old, String key, Random random) {
      List<JsonPointer> values = places(whole);
      return whole.at(Fault.of(values, random)).toString();
    }
  },
  ANOTHER_NUMBER("") {
    @Override
    String raw(JsonNode whole, JsonNode old, String key, Random random) {
      return Integer.toString(random.nextInt(100));
    }
  },
  DUPLICATE_KEY("") {
    @Override
    String raw(JsonNode whole, JsonNode old, String key, Random random) {
      return key.isEmpty() ? old + ", " + old : "%s, \"%s\": 7".formatted(old, key);
    }
  },
  ADDED_KEY("") {
    @Override
    String raw(JsonNode whole, JsonNode old, String key, Random random) {
      return key.isEmpty() ? old + ", 7" : old + ", \"added_by_hand\": 7";
    }
  },
  REMOVED("") {
    @Override
    void apply(ObjectNode whole, JsonPointer at) {
      JsonNode parent = whole.at(at.head());
      if (parent instanceof ObjectNode object) {
        object.remove(at.last().getMatchingProperty());
      } else if (parent instanceof ArrayNode list) {
        list.remove(at.last().getMatchingIndex());
      }
    }
  },
  RENAMED("") {
    @Override
    void apply(ObjectNode whole, JsonPointer at) {
      if (whole.at(at.head()) instanceof ObjectNode object) {
        String key = at.last().getMatchingProperty();
        object.set(key + "s", object.remove(key));
      }
    }
  };

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String HERE = "the value that is replaced";

  private final String value;

  JsonFault(String value) {
    this.value = value;
  }

  @Override
  public String damage(Path file, Random random) throws IOException {
    JsonNode json = MAPPER.readTree(file.toFile());
    if (!(json instanceof ObjectNode object)) {
      return BytesFault.EMPTY.damage(file, random);
    }
    StringBuilder where = new StringBuilder();
    Files.writeString(file, damaged(object, random, where));
    return "%s at %s".formatted(this, where);
  }

  /// The text of the object with the fault.
  ///
  /// @param where takes the place of the fault
  public String damaged(ObjectNode json, Random random, StringBuilder where) {
    ObjectNode whole = json.deepCopy();
    List<JsonPointer> values = places(whole);
    if (values.isEmpty()) {
      return whole.toString();
    }
    JsonPointer at = place(whole, values, random);
    where.append(at);
    JsonNode old = whole.at(at);
    boolean inList = whole.at(at.head()).isArray();
    String key = inList ? "" : at.last().getMatchingProperty();
    String raw = raw(whole, old, key, random);
    apply(whole, at);
    return whole.toString().replace("\"" + HERE + "\"", raw);
  }

  /// A number is wrong where one stands, half of the time: sizes are what memory and time depend
  /// on.
  private JsonPointer place(JsonNode whole, List<JsonPointer> values, Random random) {
    List<JsonPointer> numbers =
        value.matches("-?[0-9].*")
            ? values.stream().filter(at -> whole.at(at).isNumber()).toList()
            : List.of();
    return Fault.of(numbers.isEmpty() || random.nextBoolean() ? values : numbers, random);
  }

  String raw(JsonNode whole, JsonNode old, String key, Random random) {
    return value;
  }

  /// Puts the mark in place of the value.
  void apply(ObjectNode whole, JsonPointer at) {
    JsonNode parent = whole.at(at.head());
    if (parent instanceof ObjectNode object) {
      object.put(at.last().getMatchingProperty(), HERE);
    } else if (parent instanceof ArrayNode list) {
      list.set(at.last().getMatchingIndex(), HERE);
    }
  }

  /// Where values stand; of a long list or map only the first few count, so that no vocabulary
  /// hides the rest.
  private static List<JsonPointer> places(JsonNode whole) {
    List<JsonPointer> found = new ArrayList<>();
    collect(whole, JsonPointer.empty(), found);
    return found;
  }

  private static void collect(JsonNode node, JsonPointer at, List<JsonPointer> found) {
    List<JsonPointer> below = new ArrayList<>();
    if (node.isObject()) {
      node.fieldNames().forEachRemaining(name -> below.add(at.appendProperty(name)));
    } else if (node.isArray()) {
      for (int i = 0; i < node.size(); i++) {
        below.add(at.appendIndex(i));
      }
    }
    int most = at.length() == 0 ? below.size() : Math.min(below.size(), 4);
    for (JsonPointer each : below.subList(0, most)) {
      found.add(each);
      collect(node.at(each.last()), each, found);
    }
  }
}
