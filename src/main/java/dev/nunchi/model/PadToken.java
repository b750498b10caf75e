package dev.nunchi.model;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The padding token of a decoder whose `config.json` names none, as those of Llama 3 and Qwen.
///
/// Taken is the first of these that the network has a row for: `pad_token` of
/// `tokenizer_config.json`, what `tokenizer.json` pads with, a token that was reserved for it or
/// for nothing ([#RESERVED]), and the token that ends texts. Attention masks padding and the last
/// token is found by that mask, so the choice changes no answer of ours. It does in transformers,
/// which looks for the last token that is not this one: there the token that ends texts is the last
/// choice.
final class PadToken {
  static final String KEY = "pad_token_id";

  /// Llama 3.1's, then names that many use, then one that Llama 3 was never trained on.
  private static final List<String> RESERVED =
      List.of(
          "<|finetune_right_pad_id|>",
          "<pad>",
          "[PAD]",
          "<|pad|>",
          "<PAD>",
          "<|reserved_special_token_0|>");

  private static final JsonMapper MAPPER = new JsonMapper();

  private final Map<String, Integer> added = new HashMap<>();
  private @Nullable Integer padding;

  private PadToken(Path tokenizer) {
    try (JsonParser parser = MAPPER.getFactory().createParser(tokenizer.toFile())) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return;
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        parser.nextToken();
        switch (key) {
          case "padding" -> readPadding(parser.readValueAsTree());
          case "added_tokens" -> readAdded(parser.readValueAsTree());
          default -> parser.skipChildren();
        }
      }
    } catch (IOException e) {
      throw new NunchiException(Reason.INVALID_MODEL, tokenizer + " is not valid JSON", e);
    }
  }

  private void readPadding(JsonNode node) {
    padding = node.path("pad_id").isInt() ? node.path("pad_id").intValue() : null;
  }

  private void readAdded(JsonNode tokens) {
    for (JsonNode token : tokens) {
      added.put(token.path("content").asText(), token.path("id").asInt(-1));
    }
  }

  /// Empty where there is none of them.
  ///
  /// @param vocabularySize rows of the network's embeddings
  static OptionalInt of(Path directory, ObjectNode config, int vocabularySize) {
    Path tokenizer = directory.resolve(TokenizerFiles.TOKENIZER);
    IntStream choices =
        Files.exists(tokenizer) ? new PadToken(tokenizer).choices(directory) : IntStream.empty();
    return IntStream.concat(choices, endOfText(config))
        .filter(id -> id >= 0 && id < vocabularySize)
        .findFirst();
  }

  private IntStream choices(Path directory) {
    Path file = directory.resolve(TokenizerFiles.TOKENIZER_CONFIG);
    JsonNode stated = Files.exists(file) ? Json.read(file).path("pad_token") : MAPPER.missingNode();
    String name = stated.isObject() ? stated.path("content").asText() : stated.asText();
    return IntStream.concat(
        IntStream.of(added.getOrDefault(name, -1), padding == null ? -1 : padding),
        RESERVED.stream().mapToInt(token -> added.getOrDefault(token, -1)));
  }

  private static IntStream endOfText(ObjectNode config) {
    JsonNode end = config.path("eos_token_id");
    Stream<JsonNode> all = end.isArray() ? end.valueStream() : Stream.of(end);
    return all.filter(JsonNode::isInt).mapToInt(JsonNode::intValue);
  }
}
