package dev.nunchi.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.PlainFile;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/// What stands beside a `vocab.txt`: `tokenizer_config.json` and, from before transformers put all
/// into that, `special_tokens_map.json` and `added_tokens.json`. Each may be missing.
///
/// `never_split` and `do_basic_tokenize` have no say, as with the tokenizers of transformers that
/// are not written in Python.
///
/// @param configuration content of `tokenizer_config.json`
/// @param specialTokens content of `special_tokens_map.json`
/// @param addedTokens content of `added_tokens.json`
record WordPieceSettings(JsonNode configuration, JsonNode specialTokens, JsonNode addedTokens) {
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final String DECODER = "added_tokens_decoder";
  static final String ADDED_TOKENS_JSON = "added_tokens.json";
  private static final List<String> MORE_SPECIAL_TOKENS =
      List.of("additional_special_tokens", "extra_special_tokens");

  /// Classes that read `vocab.txt` alike.
  private static final String KNOWN_CLASSES =
      "((Bert|Electra|DistilBert|ConvBert|MobileBert|SqueezeBert)Tokenizer|PreTrainedTokenizer)(Fast)?"
          + "|TokenizersBackend|BasicTokenizer|";

  /// @param file the `vocab.txt`
  static WordPieceSettings beside(Path file) {
    Path configurationFile = file.resolveSibling(VocabularyFiles.TOKENIZER_CONFIG_JSON);
    JsonNode configuration = read(configurationFile);
    String tokenizerClass = configuration.path("tokenizer_class").asText("");
    if (!tokenizerClass.matches(KNOWN_CLASSES)) {
      throw new NunchiException(
          Reason.UNSUPPORTED_MODEL,
          "%s: tokenizer_class is %s, whose vocab.txt is not read; open it with transformers and save_pretrained it as tokenizer.json"
              .formatted(configurationFile, tokenizerClass));
    }
    return new WordPieceSettings(
        configuration,
        read(file.resolveSibling(VocabularyFiles.SPECIAL_TOKENS_MAP_JSON)),
        read(file.resolveSibling(ADDED_TOKENS_JSON)));
  }

  static JsonNode read(Path file) {
    if (!Files.exists(file)) {
      return MAPPER.createObjectNode();
    }
    PlainFile.require(file);
    try {
      // From bytes, before which a byte order mark may stand.
      if (MAPPER.readTree(Files.readAllBytes(file)) instanceof ObjectNode object) {
        return object;
      }
    } catch (IOException e) {
      throw TokenizerFile.damaged(file, "is not valid JSON", e);
    }
    throw TokenizerFile.damaged(file, "does not hold a JSON object", null);
  }

  boolean flag(String key, boolean fallback) {
    return configuration.path(key).asBoolean(fallback);
  }

  /// `null` stands for what `do_lower_case` says.
  JsonNode stripAccents() {
    JsonNode value = configuration.path("strip_accents");
    return value.isBoolean() ? value : MAPPER.nullNode();
  }

  /// A special token, `[PAD]` for `pad` unless it is configured.
  String special(String name) {
    String key = name + "_token";
    JsonNode configured =
        !configuration.has(DECODER) && specialTokens.hasNonNull(key)
            ? specialTokens.path(key)
            : configuration.path(key);
    return content(configured, "[" + name.toUpperCase(Locale.ROOT) + "]");
  }

  /// The tokens that are found in a text before it is split, in the order of transformers, without
  /// their ids.
  ///
  /// @param vocabulary tokens that have ids; the padding and the mask are left out where they have
  ///   none, since no text needs them
  List<ObjectNode> addedTokens(Set<String> vocabulary) {
    Map<String, ObjectNode> tokens = new LinkedHashMap<>();
    if (configuration.has(DECODER)) {
      inOrder(configuration.path(DECODER)).values().forEach(token -> put(tokens, token));
    } else {
      Set<String> special = Set.copyOf(specialTokenNames());
      addedTokens
          .propertyStream()
          .sorted(Comparator.comparingInt(entry -> entry.getValue().asInt()))
          .forEach(entry -> {
            boolean isSpecial = special.contains(entry.getKey());
            tokens.put(
                entry.getKey(),
                token(entry.getKey()).put("normalized", !isSpecial).put("special", isSpecial));
          });
    }
    for (String name : List.of("unk", "sep", "pad", "cls", "mask")) {
      String token = special(name);
      boolean isNeeded = !name.equals("pad") && !name.equals("mask");
      if (isNeeded || vocabulary.contains(token)) {
        tokens.putIfAbsent(token, token(token));
      }
    }
    for (String key : MORE_SPECIAL_TOKENS) {
      for (JsonNode files : List.of(configuration, specialTokens)) {
        files
            .path(key)
            .valueStream()
            .forEach(token -> {
              String content = content(token, "");
              if (!content.isEmpty()) {
                tokens.putIfAbsent(content, token(content));
              }
            });
      }
    }
    return List.copyOf(tokens.values());
  }

  static SortedMap<Integer, JsonNode> inOrder(JsonNode decoder) {
    SortedMap<Integer, JsonNode> tokens = new TreeMap<>();
    decoder
        .propertyStream()
        .filter(entry -> entry.getKey().matches("\\d{1,9}"))
        .forEach(entry -> tokens.put(Integer.valueOf(entry.getKey()), entry.getValue()));
    return tokens;
  }

  private static void put(Map<String, ObjectNode> tokens, JsonNode stored) {
    String content = content(stored, "");
    if (content.isEmpty()) {
      return;
    }
    ObjectNode token = token(content);
    for (String key : List.of("single_word", "lstrip", "rstrip", "normalized", "special")) {
      token.put(key, stored.path(key).asBoolean(false));
    }
    tokens.put(content, token);
  }

  private List<String> specialTokenNames() {
    return List.of(special("unk"), special("sep"), special("pad"), special("cls"), special("mask"));
  }

  private static ObjectNode token(String content) {
    return VocabularyFiles.addedToken(MAPPER, 0, content);
  }

  /// A token is a string, or an object with its `content`.
  static String content(JsonNode token, String fallback) {
    return (token.isObject() ? token.path("content") : token).asText(fallback);
  }
}
