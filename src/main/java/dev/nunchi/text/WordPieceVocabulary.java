package dev.nunchi.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// The `vocab.txt` of BERT checkpoints without a `tokenizer.json`: one WordPiece token a line, its
/// id the line's number from 0.
///
/// [#tokenizerJson] is what transformers' `BertTokenizerFast` makes of it, with `do_lower_case`,
/// `strip_accents` and `tokenize_chinese_chars` of the `tokenizer_config.json` beside it.
///
/// @param file the `vocab.txt`
/// @param configuration content of `tokenizer_config.json`, empty where there is none
record WordPieceVocabulary(Path file, List<String> tokens, JsonNode configuration) {
  static final String VOCAB_TXT = "vocab.txt";
  private static final JsonMapper MAPPER = new JsonMapper();

  static WordPieceVocabulary read(Path file, String content) {
    Path configurationFile = file.resolveSibling(VocabularyFiles.TOKENIZER_CONFIG_JSON);
    JsonNode configuration = MAPPER.createObjectNode();
    if (Files.exists(configurationFile)) {
      try {
        configuration = MAPPER.readTree(Files.readString(configurationFile));
      } catch (IOException e) {
        throw TokenizerFile.damaged(configurationFile, "is not valid JSON", e);
      }
    }
    return new WordPieceVocabulary(file, content.lines().toList(), configuration);
  }

  String tokenizerJson() {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("version", "1.0");
    ArrayNode added = root.putArray("added_tokens");
    for (String name : List.of("pad", "unk", "cls", "sep", "mask")) {
      String token = special(name);
      added.add(VocabularyFiles.addedToken(MAPPER, id(token), token));
    }
    ObjectNode normalizer = root.putObject("normalizer");
    normalizer.put("type", "BertNormalizer").put("clean_text", true);
    normalizer.put(
        "handle_chinese_chars", configuration.path("tokenize_chinese_chars").asBoolean(true));
    JsonNode stripAccents = configuration.path("strip_accents");
    normalizer.set("strip_accents", stripAccents.isBoolean() ? stripAccents : MAPPER.nullNode());
    normalizer.put("lowercase", configuration.path("do_lower_case").asBoolean(true));
    root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    String cls = special("cls");
    String sep = special("sep");
    root.set("post_processor", VocabularyFiles.template(MAPPER, cls, id(cls), sep, id(sep)));
    root.putObject("decoder").put("type", "WordPiece").put("prefix", "##").put("cleanup", true);
    ObjectNode model = root.putObject("model");
    model.put("type", "WordPiece").put("unk_token", special("unk"));
    model.put("continuing_subword_prefix", "##").put("max_input_chars_per_word", 100);
    ObjectNode vocabulary = model.putObject("vocab");
    for (int id = 0; id < tokens.size(); id++) {
      vocabulary.put(tokens.get(id), id);
    }
    return root.toString();
  }

  /// The configured special token: a string, or an object with its `content`.
  private String special(String name) {
    JsonNode configured = configuration.path(name + "_token");
    JsonNode content = configured.isObject() ? configured.path("content") : configured;
    return content.asText("[" + name.toUpperCase(Locale.ROOT) + "]");
  }

  private int id(String token) {
    int id = tokens.indexOf(token);
    if (id < 0) {
      throw new NunchiException(
          Reason.INVALID_MODEL, "%s lacks the special token %s".formatted(file, token));
    }
    return id;
  }
}
