package dev.nunchi.text;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.nunchi.NunchiException;
import dev.nunchi.PlainFile;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A `tokenizer.json`, or the `vocab.txt` or SentencePiece model of a checkpoint without one, read
/// into memory.
///
/// @param path the file that was read, for messages
/// @param json content of the `tokenizer.json`
/// @param vocabulary id of each token, added tokens included
/// @param unknownId id of the unknown token, -1 where there is none
/// @param characters what encodes a text without a context, where the tokens are single characters
record TokenizerFile(
    Path path,
    String json,
    Map<String, Integer> vocabulary,
    int unknownId,
    @Nullable CharacterEncoder characters) {
  static final String TOKENIZER_JSON = "tokenizer.json";
  private static final String BYTE_ORDER_MARK = "\uFEFF";
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  /// @param path a `tokenizer.json`, a `vocab.txt`, a SentencePiece model, or a directory with one
  ///   of them; the first goes before the others
  static TokenizerFile read(Path path) {
    Path file = path;
    if (Files.isDirectory(path)) {
      file = fileIn(path);
    }
    if (SentencePieceFamily.isFileName(String.valueOf(file.getFileName())) && Files.exists(file)) {
      return of(file, SentencePieceVocabulary.read(file).tokenizerJson());
    }
    String content = content(file);
    return file.endsWith(WordPieceVocabulary.VOCAB_TXT)
        ? of(file, WordPieceVocabulary.read(file, content).tokenizerJson())
        : of(file, content);
  }

  private static Path fileIn(Path directory) {
    Path file = directory.resolve(TOKENIZER_JSON);
    if (Files.exists(file)) {
      return file;
    }
    Path vocabTxt = directory.resolve(WordPieceVocabulary.VOCAB_TXT);
    if (Files.exists(vocabTxt)) {
      return vocabTxt;
    }
    Path sentencePieces = SentencePieceFamily.fileIn(directory);
    return sentencePieces == null ? file : sentencePieces;
  }

  private static TokenizerFile of(Path file, String json) {
    JsonNode root;
    try {
      root = MAPPER.readTree(json);
    } catch (IOException e) {
      throw damaged(file, "is not valid JSON", e);
    }
    new TokenizerCheck(file).check(root);
    JsonNode model = root.path("model");
    Map<String, Integer> vocabulary = new HashMap<>();
    JsonNode tokens = model.path("vocab");
    if (tokens.isArray()) {
      for (int id = 0; id < tokens.size(); id++) {
        vocabulary.put(tokens.get(id).path(0).asText(), id);
      }
    } else {
      tokens.forEachEntry((token, id) -> vocabulary.put(token, id.asInt()));
    }
    if (vocabulary.isEmpty()) {
      throw damaged(file, "has no model.vocab", null);
    }
    for (JsonNode token : root.path("added_tokens")) {
      vocabulary.put(token.path("content").asText(), token.path("id").asInt());
    }
    int unknownId =
        model.hasNonNull("unk_id")
            ? model.path("unk_id").asInt()
            : model.hasNonNull("unk_token")
                ? vocabulary.getOrDefault(model.path("unk_token").asText(), -1)
                : -1;
    return new TokenizerFile(
        file,
        json,
        Collections.unmodifiableMap(vocabulary),
        unknownId,
        CharacterEncoder.of(root, vocabulary));
  }

  private static String content(Path file) {
    PlainFile.require(file);
    if (!Files.exists(file)) {
      throw new NunchiException(Reason.INVALID_MODEL, "%s does not exist".formatted(file));
    }
    try {
      String content = Files.readString(file, StandardCharsets.UTF_8);
      return content.startsWith(BYTE_ORDER_MARK) ? content.substring(1) : content;
    } catch (IOException e) {
      throw damaged(file, "cannot be read as UTF-8", e);
    }
  }

  static NunchiException damaged(Path file, String how, @Nullable Throwable cause) {
    return new NunchiException(Reason.INVALID_MODEL, "%s %s".formatted(file, how), cause);
  }
}
