package dev.nunchi.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.text.KeptIds;
import dev.nunchi.text.VocabularyCut;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Writes the files of a tokenizer whose vocabulary is cut.
///
/// Of the forms that were before `tokenizer.json` those that are lists of pieces are written anew
/// where they were there; a SentencePiece model is not, since whoever reads `tokenizer.json` needs
/// none.
final class TrimmedTokenizerFiles {
  private static final String ADDED_DECODER = "added_tokens_decoder";

  private final VocabularyCut cut;
  private final KeptIds kept;
  private final Path from;
  private final Path to;

  private TrimmedTokenizerFiles(VocabularyCut cut, KeptIds kept, Path from, Path to) {
    this.cut = cut;
    this.kept = kept;
    this.from = from;
    this.to = to;
  }

  static void write(VocabularyCut cut, KeptIds kept, Path from, Path to) throws IOException {
    new TrimmedTokenizerFiles(cut, kept, from, to).write();
  }

  private void write() throws IOException {
    ObjectNode json = cut.tokenizerJson(kept);
    Files.write(to.resolve(TokenizerFiles.TOKENIZER), Json.compact(json));
    if (isThere(TokenizerFiles.TOKENIZER_CONFIG)) {
      ObjectNode config = Json.read(from.resolve(TokenizerFiles.TOKENIZER_CONFIG));
      renumberKeys(config);
      Files.writeString(to.resolve(TokenizerFiles.TOKENIZER_CONFIG), Json.pretty(config));
    }
    if (isThere("special_tokens_map.json")) {
      DurableFiles.copy(
          from.resolve("special_tokens_map.json"), to.resolve("special_tokens_map.json"));
    }
    if (isThere("added_tokens.json")) {
      ObjectNode added = Json.read(from.resolve("added_tokens.json"));
      added.properties().stream()
          .filter(token -> token.getValue().isInt() && kept.has(token.getValue().intValue()))
          .forEach(
              token -> token.setValue(IntNode.valueOf(kept.newId(token.getValue().intValue()))));
      Files.writeString(to.resolve("added_tokens.json"), Json.pretty(added));
    }
    JsonNode model = json.path("model");
    String type = model.path("type").asText();
    if (isThere("vocab.txt") && type.equals("WordPiece")) {
      lines("vocab.txt", VocabularyCut.vocabTxt(json));
    }
    if (isThere("vocab.json") && isThere("merges.txt") && type.equals("BPE")) {
      Files.write(to.resolve("vocab.json"), Json.compact(model.path("vocab")));
      lines("merges.txt", VocabularyCut.mergesTxt(json));
    }
  }

  private boolean isThere(String name) {
    return Files.isRegularFile(from.resolve(name));
  }

  private void lines(String name, List<String> lines) throws IOException {
    Files.writeString(to.resolve(name), String.join("\n", lines) + "\n");
  }

  /// Added tokens by their ids, in the order of the numbers.
  private void renumberKeys(ObjectNode config) {
    if (!(config.path(ADDED_DECODER) instanceof ObjectNode decoder)) {
      return;
    }
    Map<Integer, JsonNode> tokens = new TreeMap<>();
    for (Map.Entry<String, JsonNode> token : decoder.properties()) {
      if (token.getKey().matches("\\d{1,9}") && kept.has(Integer.parseInt(token.getKey()))) {
        tokens.put(kept.newId(Integer.parseInt(token.getKey())), token.getValue());
      }
    }
    ObjectNode renumbered = config.putObject(ADDED_DECODER);
    tokens.forEach((id, token) -> renumbered.set(Integer.toString(id), token));
  }
}
