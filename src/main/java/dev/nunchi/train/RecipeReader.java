package dev.nunchi.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Reads recipes: built-in ones by name, others from a YAML (or JSON) file.
public final class RecipeReader {
  private static final String FOLDER = "/dev/nunchi/train/";
  private static final List<String> BUILT_IN =
      List.of(
          "ngrams",
          "three-class-bert",
          "gemma3-270m-lora",
          "nsmc-llama3",
          "emotion4-gemma2-qlora",
          "youtube3-gemma2-lora",
          "nsmc-stars",
          "nsmc-small",
          "nsmc-cnn",
          "movie3-stars",
          "movie3-small",
          "e5-stars",
          "e5-nsmc",
          "e5-movie3",
          "bert-stars",
          "bert-small");

  private static final ObjectMapper YAML =
      YAMLMapper.builder(
              new YAMLFactory()
                  .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                  .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                  .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS))
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final String LORA = "lora";
  private static final String LORA_DEFAULTS = "lora.yaml";
  private static final String METRIC = "metric_for_best_model";
  private static final String LABELS = "labels";
  private static final String LABELS_EXPECTED =
      "names of labels as [부정, 긍정], or a map of them to polarity as {부정: -1, 긍정: 1}";

  private RecipeReader() {}

  /// Names of the recipes that come with the program.
  public static List<String> builtIn() {
    return BUILT_IN;
  }

  /// @param nameOrFile a built-in recipe's name or the path of a file
  /// @param settings `key=value` pairs that go before the recipe; values are YAML
  /// @throws NunchiException `INVALID_RECIPE` for an unknown key (with the nearest one), or a value
  ///   that its key does not take
  public static Recipe read(String nameOrFile, Map<String, String> settings) {
    ObjectNode keys = resource("defaults.yaml");
    ObjectNode recipe =
        BUILT_IN.contains(nameOrFile)
            ? resource("recipes/" + nameOrFile + ".yaml")
            : file(Path.of(nameOrFile));
    recipe.properties().forEach(entry -> set(keys, entry.getKey(), entry.getValue(), nameOrFile));
    settings.forEach((key, value) -> set(keys, key, value(key, value), "--set"));
    return of(keys, nameOrFile);
  }

  /// A recipe under another seed.
  ///
  /// @param name of its model, where the recipe gives none
  static Recipe withSeed(Recipe recipe, long seed, String name) {
    ObjectNode keys = recipe.keys().deepCopy();
    keys.put("seed", seed);
    if (recipe.card().name() == null) {
      keys.put("name", name);
    }
    return of(keys, "seed " + seed);
  }

  /// The recipe as YAML, every key with its value.
  public static String write(Recipe recipe) {
    try {
      return YAML.writeValueAsString(recipe.keys());
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Recipe of(ObjectNode keys, String origin) {
    if (keys.path(METRIC).isNull()) {
      boolean regression =
          keys.path("problem_type").asText().equalsIgnoreCase(ProblemType.REGRESSION.configName());
      keys.put(METRIC, (regression ? BestMetric.LOSS : BestMetric.ACCURACY).key());
    }
    return new Recipe(
        view(keys, Recipe.Card.class, origin),
        view(keys, Recipe.Data.class, origin),
        view(keys, Recipe.Start.class, origin),
        view(keys, Recipe.Batches.class, origin),
        view(keys, Recipe.Optimization.class, origin),
        view(keys, Recipe.Loss.class, origin),
        view(keys, Recipe.Distillation.class, origin),
        view(keys, Recipe.Watch.class, origin),
        keys.path(LORA) instanceof ObjectNode section
            ? view(section, Recipe.LowRank.class, origin, LORA + ".")
            : null,
        keys);
  }

  private static <V extends Record> V view(ObjectNode keys, Class<V> group, String origin) {
    return view(keys, group, origin, "");
  }

  /// @param section stands before the names of the keys
  private static <V extends Record> V view(
      ObjectNode keys, Class<V> group, String origin, String section) {
    for (RecordComponent component : group.getRecordComponents()) {
      String key =
          PropertyNamingStrategies.SnakeCaseStrategy.INSTANCE.translate(component.getName());
      boolean optional = component.getAnnotatedType().isAnnotationPresent(Nullable.class);
      if (!optional && keys.path(key).isNull()) {
        throw invalid("%s: %s%s should have a value, but is null".formatted(origin, section, key));
      }
    }
    try {
      return YAML.treeToValue(keys, group);
    } catch (JsonMappingException e) {
      String key = e.getPath().isEmpty() ? "a key" : e.getPath().getFirst().getFieldName();
      throw invalid(
          "%s: %s%s should be %s, but is %s"
              .formatted(origin, section, key, expected(e), keys.get(key)));
    } catch (JsonProcessingException e) {
      throw invalid("%s: %s".formatted(origin, e.getOriginalMessage()));
    }
  }

  private static String expected(JsonMappingException e) {
    if (e instanceof MismatchedInputException mismatched && mismatched.getTargetType() != null) {
      Class<?> type = mismatched.getTargetType();
      if (type.isEnum()) {
        return Arrays.stream(type.getEnumConstants())
            .map(constant -> constant.toString().toLowerCase(Locale.ROOT))
            .collect(Collectors.joining(", ", "one of ", ""));
      }
      if (type == boolean.class || type == Boolean.class) {
        return "true or false";
      }
      if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
        return "a whole number";
      }
      if (type == double.class) {
        return "a number";
      }
      if (type == String.class || type == ArrayList.class || type == List.class) {
        return type == String.class ? "a text" : "a list";
      }
      if (type == Double.class && e.getPath().getFirst().getFieldName().equals(LABELS)) {
        return LABELS_EXPECTED;
      }
      if (type == Map.class || type == LinkedHashMap.class) {
        return e.getPath().getFirst().getFieldName().equals(LABELS)
            ? LABELS_EXPECTED
            : "a map of keys";
      }
    }
    return "of another kind";
  }

  private static void set(ObjectNode keys, String key, JsonNode value, String origin) {
    if (key.equals(LORA)) {
      setLora(keys, value, origin);
      return;
    }
    if (key.startsWith(LORA + ".")) {
      lora(keys, key.substring(LORA.length() + 1), value, origin);
      return;
    }
    if (!keys.has(key)) {
      throw invalid(
          "%s: there is no key '%s'; the nearest is '%s'"
              .formatted(origin, key, nearest(keys, key)));
    }
    // An unquoted no is false in YAML 1.1.
    boolean strategyNo = key.endsWith("_strategy") && value.isBoolean() && !value.booleanValue();
    if (strategyNo) {
      keys.set(key, TextNode.valueOf("no"));
    } else {
      keys.set(key, key.equals(LABELS) && value.isArray() ? withoutPolarity(value, origin) : value);
    }
  }

  /// The whole section; keys that it does not name have their defaults.
  private static void setLora(ObjectNode keys, JsonNode value, String origin) {
    if (!value.isNull() && !value.isObject()) {
      throw invalid(
          "%s: %s should be a section of keys, as {r: 8}, but is %s"
              .formatted(origin, LORA, value));
    }
    keys.putNull(LORA);
    if (value.isObject()) {
      keys.set(LORA, resource(LORA_DEFAULTS));
      value.properties().forEach(entry -> lora(keys, entry.getKey(), entry.getValue(), origin));
    }
  }

  /// One key of the section, which begins with it where there is none.
  private static void lora(ObjectNode keys, String key, JsonNode value, String origin) {
    ObjectNode section =
        keys.path(LORA) instanceof ObjectNode begun ? begun : resource(LORA_DEFAULTS);
    if (!section.has(key)) {
      throw invalid(
          "%s: there is no key '%s.%s'; the nearest is '%s.%s'"
              .formatted(origin, LORA, key, LORA, nearest(section, key)));
    }
    section.set(key, value);
    keys.set(LORA, section);
  }

  /// A list of names as a map of them.
  private static ObjectNode withoutPolarity(JsonNode names, String origin) {
    ObjectNode labels = YAML.createObjectNode();
    for (JsonNode name : names) {
      if (!name.isValueNode() || name.isNull()) {
        throw invalid(
            "%s: %s should be %s, but is %s".formatted(origin, LABELS, LABELS_EXPECTED, names));
      }
      if (labels.has(name.asText())) {
        throw invalid("%s: %s has '%s' twice".formatted(origin, LABELS, name.asText()));
      }
      labels.putNull(name.asText());
    }
    return labels;
  }

  private static JsonNode value(String key, String yaml) {
    try {
      return YAML.readTree(yaml);
    } catch (JsonProcessingException e) {
      Optional<String> twice = RecipeText.duplicate(e);
      throw invalid(
          twice.isPresent()
              ? "--set %s: the key '%s' occurs twice".formatted(key, twice.get())
              : "--set %s: '%s' is not a YAML value".formatted(key, yaml));
    }
  }

  private static ObjectNode file(Path file) {
    if (Files.isDirectory(file)) {
      throw invalid(file + " is a directory; a recipe is a YAML file");
    }
    if (!Files.exists(file)) {
      throw invalid(
          "%s is neither a file nor a built-in recipe (%s)"
              .formatted(file, String.join(", ", BUILT_IN)));
    }
    try {
      return RecipeText.of(file).parse(YAML);
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, file + " could not be read", e);
    }
  }

  private static ObjectNode resource(String name) {
    try (InputStream in = RecipeReader.class.getResourceAsStream(FOLDER + name)) {
      return (ObjectNode) YAML.readTree(Objects.requireNonNull(in, name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String nearest(ObjectNode keys, String key) {
    return keys.properties().stream()
        .map(Map.Entry::getKey)
        .min(Comparator.comparingInt(known -> editDistance(known, key)))
        .orElseThrow();
  }

  /// Levenshtein distance.
  private static int editDistance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, Math.min(row[j - 1], row[j]) + 1);
      }
    }
    return row[b.length()];
  }

  static NunchiException invalid(String message) {
    return new NunchiException(Reason.INVALID_RECIPE, message);
  }
}
