package dev.nunchi.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The files of a Hugging Face directory that make its tokenizer; they are copied as they stand.
public final class TokenizerFiles {
  /// The one that every model of ours has.
  public static final String TOKENIZER = "tokenizer.json";

  static final String TOKENIZER_CONFIG = "tokenizer_config.json";

  private static final List<String> NAMES =
      List.of(
          TOKENIZER,
          TOKENIZER_CONFIG,
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.txt",
          "vocab.json",
          "merges.txt");

  /// Matches every one of the names.
  static final String PATTERN = String.join("|", NAMES).replace(".", "\\.");

  private TokenizerFiles() {}

  static Path require(Path directory) {
    Path tokenizer = directory.resolve(TOKENIZER);
    if (!Files.isRegularFile(tokenizer)) {
      throw new NunchiException(Reason.INVALID_MODEL, tokenizer + " is missing");
    }
    return tokenizer;
  }

  /// Copies those that are there and returns their names.
  public static List<String> copy(Path from, Path to) throws IOException {
    List<String> present =
        NAMES.stream().filter(name -> Files.isRegularFile(from.resolve(name))).toList();
    for (String name : present) {
      Files.copy(from.resolve(name), to.resolve(name));
    }
    return present;
  }

  /// `model_max_length` of `tokenizer_config.json`, the largest integer where it names no limit.
  static int maxLength(Path directory) {
    Path file = directory.resolve(TOKENIZER_CONFIG);
    if (!Files.exists(file)) {
      return Integer.MAX_VALUE;
    }
    // transformers writes 1e30 where there is no limit.
    JsonNode length = Json.read(file).path("model_max_length");
    return length.isInt() && length.intValue() > 0 ? length.intValue() : Integer.MAX_VALUE;
  }
}
