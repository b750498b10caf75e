package dev.nunchi.nn;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Typed access to a Hugging Face `config.json`; every complaint names the key and the value.
final class Configuration {
  /// Each has a name in memory; no list of sentiments is near it.
  private static final int MOST_LABELS = 100_000;

  /// Several times as many as any published encoder has; each one takes its time, however narrow.
  private static final int MOST_LAYERS = 1000;

  private final JsonNode json;
  private final String origin;

  /// @param origin where the configuration stands, as complaints name it
  Configuration(JsonNode json, String origin) {
    this.json = json;
    this.origin = origin;
  }

  String text(String key) {
    JsonNode value = json.get(key);
    if (value == null || !value.isTextual()) {
      throw invalid(key, "a string", value);
    }
    return value.textValue();
  }

  /// A size of at least 1 that has to be there.
  int size(String key) {
    return atLeast(key, 1);
  }

  /// A whole number that has to be there.
  int atLeast(String key, int least) {
    JsonNode value = json.get(key);
    if (value == null || !value.isInt() || value.intValue() < least) {
      throw invalid(key, "a whole number of at least " + least, value);
    }
    return value.intValue();
  }

  /// A whole number.
  int atLeast(String key, int fallback, int least) {
    return isAbsent(key) ? fallback : atLeast(key, least);
  }

  /// A whole number in [least, most] that has to be there.
  int between(String key, int least, int most) {
    int value = atLeast(key, least);
    if (value > most) {
      throw invalid(key, "a whole number of at most " + most, json.get(key));
    }
    return value;
  }

  /// A whole number in [least, most].
  int between(String key, int fallback, int least, int most) {
    return isAbsent(key) ? fallback : between(key, least, most);
  }

  /// An odd number in [1, most].
  int odd(String key, int fallback, int most) {
    int value = between(key, fallback, 1, most);
    if (value % 2 == 0) {
      throw invalid(key, "an odd number", json.get(key));
    }
    return value;
  }

  /// Layers of a transformer, at least one.
  int layers(String key) {
    return between(key, 1, MOST_LAYERS);
  }

  int layers(String key, int fallback) {
    return between(key, fallback, 1, MOST_LAYERS);
  }

  int size(String key, int fallback) {
    return isAbsent(key) ? fallback : size(key);
  }

  /// A token id: 0 or more, below the size of the vocabulary.
  int tokenId(String key, int fallback, int vocabularySize) {
    if (isAbsent(key)) {
      return fallback;
    }
    JsonNode value = json.get(key);
    if (!value.isInt() || value.intValue() < 0 || value.intValue() >= vocabularySize) {
      throw invalid(key, "a token id in [0, %d)".formatted(vocabularySize), value);
    }
    return value.intValue();
  }

  /// Empty where it is absent, or below 0, as which older configurations say that there is none.
  OptionalInt namedTokenId(String key, int vocabularySize) {
    boolean named = !isAbsent(key) && !(json.get(key).isInt() && json.get(key).intValue() < 0);
    return named ? OptionalInt.of(tokenId(key, 0, vocabularySize)) : OptionalInt.empty();
  }

  double probability(String key, double fallback) {
    if (isAbsent(key)) {
      return fallback;
    }
    JsonNode value = json.get(key);
    if (!value.isNumber() || !(value.doubleValue() >= 0 && value.doubleValue() < 1)) {
      throw invalid(key, "a number in [0, 1)", value);
    }
    return value.doubleValue();
  }

  double positive(String key, double fallback) {
    return isAbsent(key) ? fallback : positive(key);
  }

  /// A number over 0 that has to be there.
  double positive(String key) {
    JsonNode value = json.get(key);
    if (value == null
        || !value.isNumber()
        || !(value.doubleValue() > 0 && Double.isFinite(value.doubleValue()))) {
      throw invalid(key, "a number over 0", value);
    }
    return value.doubleValue();
  }

  boolean flag(String key, boolean fallback) {
    if (isAbsent(key)) {
      return fallback;
    }
    JsonNode value = json.get(key);
    if (!value.isBoolean()) {
      throw invalid(key, "true or false", value);
    }
    return value.booleanValue();
  }

  /// One of some words, the first where it is left out.
  String oneOf(String key, String... words) {
    String word = isAbsent(key) ? words[0] : text(key);
    if (!List.of(words).contains(word)) {
      throw unsupported(key, word, String.join(", ", words));
    }
    return word;
  }

  /// A list of that many words, each one of some.
  List<String> each(String key, int size, String... words) {
    JsonNode list = json.get(key);
    if (!list.isArray() || list.size() != size) {
      throw invalid(key, "a list of %d".formatted(size), list);
    }
    List<String> found = new ArrayList<>();
    for (JsonNode word : list) {
      if (!List.of(words).contains(word.asText())) {
        throw unsupported(key, word.asText(), String.join(", ", words));
      }
      found.add(word.asText());
    }
    return found;
  }

  /// The object under a key; null where it is absent.
  @Nullable Configuration part(String key) {
    if (isAbsent(key)) {
      return null;
    }
    if (!json.get(key).isObject()) {
      throw invalid(key, "an object", json.get(key));
    }
    return new Configuration(json.get(key), origin + ": " + key);
  }

  boolean isEmpty() {
    return json.isEmpty();
  }

  boolean isText(String key) {
    return json.path(key).isTextual();
  }

  /// Where the configuration stands, as complaints name it.
  String origin() {
    return origin;
  }

  /// Whether a key stands there without a value, which switches off what has a default.
  boolean isNull(String key) {
    return json.has(key) && json.get(key).isNull();
  }

  boolean has(String key) {
    return !isAbsent(key);
  }

  Activation activation(String key) {
    return activation(key, "gelu");
  }

  Activation activation(String key, String fallback) {
    String name = isAbsent(key) ? fallback : text(key);
    if (name.equals("gelu_pytorch_tanh")) {
      return Activation.GELU_TANH;
    }
    if (name.equals("swish")) {
      return Activation.SILU;
    }
    List<String> supported = new ArrayList<>();
    for (Activation activation : Activation.values()) {
      if (activation.configName().equals(name)) {
        return activation;
      }
      supported.add(activation.configName());
    }
    throw unsupported(key, name, String.join(", ", supported));
  }

  /// Several words: a list of them, or a string of them with `|` between; none where it is absent.
  ///
  /// @param supported in small letters
  Set<String> parts(String key, String... supported) {
    Set<String> parts = new TreeSet<>();
    for (String part : isAbsent(key) ? List.<String>of() : words(key)) {
      if (!List.of(supported).contains(part)) {
        throw unsupported(key, part, String.join(", ", supported));
      }
      parts.add(part);
    }
    return parts;
  }

  private List<String> words(String key) {
    JsonNode value = json.get(key);
    if (value.isTextual()) {
      return Arrays.stream(value.textValue().toLowerCase(Locale.ROOT).split("\\|", -1))
          .map(String::strip)
          .toList();
    }
    if (!value.isArray() || !value.valueStream().allMatch(JsonNode::isTextual)) {
      throw invalid(key, "a list of strings, or a string with | between its parts", value);
    }
    return value.valueStream().map(JsonNode::textValue).toList();
  }

  /// Refuses a key whose value would change the mathematics.
  void require(String key, String onlyValue) {
    JsonNode value = json.get(key);
    if (!isAbsent(key) && !value.asText().equals(onlyValue)) {
      throw unsupported(key, value.asText(), onlyValue);
    }
  }

  /// Classes: `id2label` where it stands, else `num_labels`, else 2 as in transformers.
  int labels() {
    JsonNode id2label = json.get("id2label");
    return id2label != null && id2label.isObject() && !id2label.isEmpty()
        ? id2label.size()
        : between("num_labels", 2, 1, MOST_LABELS);
  }

  /// @throws NunchiException where `divisor` does not divide the value of `key`
  void requireDivisible(String key, int value, String divisorKey, int divisor) {
    if (value % divisor != 0) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s: %s is %d, which %s (%d) does not divide"
              .formatted(origin, key, value, divisorKey, divisor));
    }
  }

  /// What a family that is not there is refused with.
  NunchiException unsupportedFamily(String modelType, List<String> supported) {
    return unsupported("model_type", modelType, String.join(", ", supported));
  }

  /// @throws NunchiException where the value of `key` is not over `least`
  void requireOver(String key, int value, int least) {
    if (value <= least) {
      throw invalid(key, "over %d".formatted(least), json.get(key));
    }
  }

  private boolean isAbsent(String key) {
    return json.get(key) == null || json.get(key).isNull();
  }

  /// What a value that is not implemented is refused with.
  NunchiException unsupported(String key, String value, String supported) {
    return new NunchiException(
        Reason.UNSUPPORTED_MODEL,
        "%s: %s is '%s', which is not supported; supported: %s"
            .formatted(origin, key, value, supported));
  }

  private NunchiException invalid(String key, String expected, @Nullable JsonNode value) {
    return new NunchiException(
        Reason.INVALID_MODEL,
        "%s: %s should be %s, but is %s"
            .formatted(origin, key, expected, value == null ? "missing" : value));
  }
}
