package dev.nunchi.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The `vocab.txt` of BERT checkpoints without a `tokenizer.json`: one WordPiece token a line, its
/// id the line's number from 0.
///
/// [#tokenizerJson] is what transformers' `BertTokenizer` (that of ELECTRA is the same) makes of it
/// and of the files beside it; see [WordPieceSettings].
///
/// @param file the `vocab.txt`
/// @param ids of the tokens; one that stands twice has the id of its last line
record WordPieceVocabulary(Path file, Map<String, Integer> ids, WordPieceSettings settings) {
  static final String VOCAB_TXT = "vocab.txt";
  private static final JsonMapper MAPPER = new JsonMapper();

  static WordPieceVocabulary read(Path file, String content) {
    Map<String, Integer> ids = new LinkedHashMap<>();
    int line = 0;
    for (String token : content.lines().toList()) {
      ids.put(token, line++);
    }
    return new WordPieceVocabulary(file, ids, WordPieceSettings.beside(file));
  }

  String tokenizerJson() {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("version", "1.0");
    addTokens(root.putArray("added_tokens"));
    ObjectNode normalizer = root.putObject("normalizer");
    normalizer.put("type", "BertNormalizer").put("clean_text", true);
    normalizer.put("handle_chinese_chars", settings.flag("tokenize_chinese_chars", true));
    normalizer.set("strip_accents", settings.stripAccents());
    normalizer.put("lowercase", settings.flag("do_lower_case", true));
    root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    String cls = settings.special("cls");
    String sep = settings.special("sep");
    root.set("post_processor", VocabularyFiles.template(MAPPER, cls, id(cls), sep, id(sep)));
    root.putObject("decoder").put("type", "WordPiece").put("prefix", "##").put("cleanup", true);
    ObjectNode model = root.putObject("model");
    String unknown = settings.special("unk");
    id(unknown);
    model.put("type", "WordPiece").put("unk_token", unknown);
    model.put("continuing_subword_prefix", "##").put("max_input_chars_per_word", 100);
    ObjectNode vocabulary = model.putObject("vocab");
    ids.forEach(vocabulary::put);
    return root.toString();
  }

  /// Those that the vocabulary lacks get the ids after it, in their order, as transformers does it.
  private void addTokens(ArrayNode added) {
    int next = ids.size();
    for (ObjectNode token : settings.addedTokens(ids.keySet())) {
      @Nullable Integer known = ids.get(token.path("content").asText());
      added.add(token.put("id", known == null ? next : known));
      next += known == null ? 1 : 0;
    }
    List<JsonNode> sorted =
        added
            .valueStream()
            .sorted((a, b) -> Integer.compare(a.path("id").asInt(), b.path("id").asInt()))
            .toList();
    added.removeAll();
    added.addAll(sorted);
  }

  private int id(String token) {
    @Nullable Integer id = ids.get(token);
    if (id == null) {
      throw new NunchiException(
          Reason.INVALID_MODEL, "%s lacks the special token %s".formatted(file, token));
    }
    return id;
  }
}
