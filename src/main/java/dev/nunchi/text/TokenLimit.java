package dev.nunchi.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.nunchi.NunchiException;
import dev.nunchi.PlainFile;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/// The highest id that a tokenizer gives, which a network has to have a row for.
///
/// Read in passing, without a vocabulary in memory: that of XLM-R has 250,002 pieces.
///
/// @param path file of the tokenizer
/// @param token that has the id
public record TokenLimit(Path path, String token, int id) {
  private static final JsonMapper MAPPER = new JsonMapper(new JsonFactory());

  /// @param directory with a `tokenizer.json` or else a `vocab.txt` or a SentencePiece model
  /// @throws NunchiException `INVALID_MODEL` where it cannot be read
  public static TokenLimit of(Path directory) {
    Path file = directory.resolve(TokenizerFile.TOKENIZER_JSON);
    if (!Files.exists(file)) {
      TokenizerFile read = TokenizerFile.read(directory);
      return read.vocabulary().entrySet().stream()
          .max(Map.Entry.comparingByValue())
          .map(entry -> new TokenLimit(read.path(), entry.getKey(), entry.getValue()))
          .orElse(new TokenLimit(read.path(), "", -1));
    }
    PlainFile.require(file);
    try (JsonParser parser = MAPPER.getFactory().createParser(file.toFile())) {
      return new Scan(file, parser).limit();
    } catch (IOException e) {
      throw TokenizerFile.damaged(file, "is not valid JSON", e);
    }
  }

  /// @param vocabularySize rows of the network's embeddings
  /// @throws NunchiException `INVALID_MODEL` where there are too few
  public void requireBelow(int vocabularySize) {
    if (id >= vocabularySize) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s gives '%s' the id %d, but vocab_size of config.json is %d: tokenizer and weights are not of one model"
              .formatted(path, token, id, vocabularySize));
    }
  }

  /// One pass over a `tokenizer.json`.
  private static final class Scan {
    private final Path file;
    private final JsonParser parser;
    private String token = "";
    private int id = -1;

    Scan(Path file, JsonParser parser) {
      this.file = file;
      this.parser = parser;
    }

    TokenLimit limit() throws IOException {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw TokenizerFile.damaged(file, "does not hold a JSON object", null);
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String section = parser.currentName();
        JsonToken start = parser.nextToken();
        switch (section) {
          case "added_tokens" -> {
            for (JsonNode added : tree()) {
              take(added.path("content").asText(), added.path("id").asInt(-1));
            }
          }
          case "post_processor" -> postProcessor(tree());
          case "model" -> {
            if (start == JsonToken.START_OBJECT) {
              model();
            }
          }
          default -> parser.skipChildren();
        }
      }
      return new TokenLimit(file, token, id);
    }

    private JsonNode tree() throws IOException {
      JsonNode node = MAPPER.readTree(parser);
      return node == null ? MAPPER.nullNode() : node;
    }

    /// Templates name their special tokens with ids; BERT's and RoBERTa's as pairs.
    private void postProcessor(JsonNode node) {
      for (JsonNode special : node.path("special_tokens")) {
        for (JsonNode each : special.path("ids")) {
          take(special.path("id").asText(), each.asInt(-1));
        }
      }
      for (String pair : new String[] {"cls", "sep"}) {
        take(node.path(pair).path(0).asText(), node.path(pair).path(1).asInt(-1));
      }
      node.path("processors").forEach(this::postProcessor);
    }

    private void model() throws IOException {
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        JsonToken start = parser.nextToken();
        if (!key.equals("vocab")) {
          parser.skipChildren();
        } else if (start == JsonToken.START_OBJECT) {
          while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String piece = parser.currentName();
            parser.nextToken();
            take(piece, parser.getValueAsInt(-1));
          }
        } else {
          int pieces = 0;
          while (parser.nextToken() != JsonToken.END_ARRAY) {
            parser.skipChildren();
            pieces++;
          }
          take(String.format(Locale.ROOT, "the last of %,d pieces", pieces), pieces - 1);
        }
      }
    }

    private void take(String candidate, int candidateId) {
      if (candidateId > id) {
        token = candidate;
        id = candidateId;
      }
    }
  }
}
