package dev.nunchi.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What stands beside a SentencePiece model: the files that also stand beside a `vocab.txt`, see
/// [WordPieceSettings], each of which may be missing.
///
/// @param configuration content of `tokenizer_config.json`
/// @param specialTokens content of `special_tokens_map.json`, which has no say beside a
///   configuration with its tokens
/// @param addedTokens content of `added_tokens.json`, likewise
record SentencePieceSettings(
    SentencePieceFamily family,
    JsonNode configuration,
    JsonNode specialTokens,
    JsonNode addedTokens) {
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final String DECODER = "added_tokens_decoder";
  private static final String EXTRA_TOKENS = "extra_special_tokens";
  private static final String ADDITIONAL_TOKENS = "additional_special_tokens";
  private static final List<String> NAMES =
      List.of("bos", "eos", "unk", "sep", "pad", "cls", "mask");

  static SentencePieceSettings beside(Path file) {
    JsonNode configuration =
        WordPieceSettings.read(file.resolveSibling(VocabularyFiles.TOKENIZER_CONFIG_JSON));
    SentencePieceFamily family = SentencePieceFamily.of(file, configuration);
    boolean isWhole = configuration.has(DECODER);
    JsonNode none = MAPPER.createObjectNode();
    return new SentencePieceSettings(
        family,
        configuration,
        isWhole
            ? none
            : WordPieceSettings.read(file.resolveSibling(VocabularyFiles.SPECIAL_TOKENS_MAP_JSON)),
        isWhole
            ? none
            : WordPieceSettings.read(file.resolveSibling(WordPieceSettings.ADDED_TOKENS_JSON)));
  }

  boolean flag(String key, boolean fallback) {
    return configuration.path(key).asBoolean(fallback);
  }

  /// @param name `bos`, `eos`, `unk`, `sep`, `pad`, `cls` or `mask`
  String special(String name) {
    return WordPieceSettings.content(configured(name), family.defaultToken(name));
  }

  private JsonNode configured(String name) {
    String key = name + "_token";
    return specialTokens.hasNonNull(key) ? specialTokens.path(key) : configuration.path(key);
  }

  /// The tokens that are found in a text before it is split, in the order of transformers, without
  /// their ids.
  ///
  /// @param pieces of the model, whose control and user-defined ones are among them unless the
  ///   configuration lists others
  List<ObjectNode> addedTokens(List<SentencePieceModel.Piece> pieces) {
    Map<String, ObjectNode> tokens = new LinkedHashMap<>();
    WordPieceSettings.inOrder(configuration.path(DECODER))
        .values()
        .forEach(token -> putIfAbsent(tokens, token, false));
    Set<String> configuredNames =
        NAMES.stream()
            .map(name -> WordPieceSettings.content(configured(name), ""))
            .collect(Collectors.toSet());
    extraTokens().forEach(token -> configuredNames.add(WordPieceSettings.content(token, "")));
    addedTokens
        .propertyStream()
        .sorted(Comparator.comparingInt(entry -> entry.getValue().asInt()))
        .forEach(entry -> {
          boolean isSpecial = configuredNames.contains(entry.getKey());
          ObjectNode token = token(entry.getKey());
          token.put("normalized", !isSpecial).put("special", isSpecial);
          putIfAbsent(tokens, token, false);
        });
    for (String name : NAMES) {
      JsonNode configured = configured(name);
      putIfAbsent(tokens, configured.isObject() ? configured : token(special(name)), true);
    }
    if (configuration.path(EXTRA_TOKENS).isObject()) {
      configuration.path(EXTRA_TOKENS).forEach(token -> putIfAbsent(tokens, token, true));
    }
    NAMES.forEach(name -> {
      ObjectNode token = tokens.get(special(name));
      if (token != null) {
        token.put("special", true);
      }
    });
    extraTokens().forEach(token -> putIfAbsent(tokens, token, false));
    if (!hasExtraTokens()) {
      pieces.stream()
          .filter(SentencePieceModel.Piece::isAdded)
          .map(piece -> token(piece.text()).put("special", piece.isControl()))
          .forEach(token -> putIfAbsent(tokens, token, false));
    }
    return List.copyOf(tokens.values());
  }

  private boolean hasExtraTokens() {
    return configuration.has(ADDITIONAL_TOKENS)
        || configuration.path(EXTRA_TOKENS).isArray()
        || specialTokens.path(EXTRA_TOKENS).isArray();
  }

  private List<JsonNode> extraTokens() {
    List<JsonNode> extra = new ArrayList<>();
    JsonNode listed = configuration.path(EXTRA_TOKENS);
    (listed.isEmpty() ? configuration.path(ADDITIONAL_TOKENS) : listed).forEach(extra::add);
    if (listed.isObject()) {
      extra.clear();
    }
    specialTokens.path(EXTRA_TOKENS).forEach(extra::add);
    return extra;
  }

  /// @param stored a string or an object with its `content` and flags
  private static void putIfAbsent(
      Map<String, ObjectNode> tokens, JsonNode stored, boolean special) {
    String content = WordPieceSettings.content(stored, "");
    if (content.isEmpty()) {
      return;
    }
    ObjectNode token = token(content);
    if (stored.isObject()) {
      boolean isSpecial = special || stored.path("special").asBoolean(false);
      Stream.of("single_word", "lstrip", "rstrip")
          .forEach(key -> token.put(key, stored.path(key).asBoolean(false)));
      token.put("normalized", stored.path("normalized").asBoolean(!isSpecial));
      token.put("special", isSpecial);
    }
    tokens.putIfAbsent(content, token);
  }

  private static ObjectNode token(String content) {
    return VocabularyFiles.addedToken(MAPPER, 0, content);
  }
}
