package dev.nunchi.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.text.TextEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// The files of a Hugging Face directory that make its tokenizer; they are copied as they stand.
public final class TokenizerFiles {
  /// The one that every model of ours has.
  public static final String TOKENIZER = "tokenizer.json";

  /// Those of which transformers makes a `tokenizer.json`, as is done here where it is missing.
  private static final List<String> VOCABULARIES =
      List.of("vocab.txt", "spm.model", "sentencepiece.bpe.model");

  /// Tokenizers of other forms.
  private static final List<String> UNREAD =
      List.of("spiece.model", "tokenizer.model", "vocab.json");

  static final String TOKENIZER_CONFIG = "tokenizer_config.json";

  private static final List<String> NAMES =
      Stream.concat(
              Stream.of(
                  TOKENIZER,
                  TOKENIZER_CONFIG,
                  "special_tokens_map.json",
                  "added_tokens.json",
                  "vocab.json",
                  "merges.txt"),
              VOCABULARIES.stream())
          .toList();

  /// Matches every one of the names.
  static final String PATTERN = String.join("|", NAMES).replace(".", "\\.");

  private TokenizerFiles() {}

  /// Whether a directory has a tokenizer that is read.
  public static boolean areIn(Path directory) {
    return Stream.concat(Stream.of(TOKENIZER), VOCABULARIES.stream())
        .anyMatch(name -> Files.isRegularFile(directory.resolve(name)));
  }

  /// @throws NunchiException `INVALID_MODEL` where the directory has no tokenizer that is read
  static void require(Path directory) {
    if (areIn(directory)) {
      return;
    }
    String what = directory.resolve(TOKENIZER) + " is missing";
    for (String name : UNREAD) {
      if (Files.exists(directory.resolve(name))) {
        what +=
            "; %s alone is not read: open the directory with transformers' AutoTokenizer and save_pretrained it there"
                .formatted(name);
        break;
      }
    }
    throw new NunchiException(Reason.INVALID_MODEL, what);
  }

  /// The names of those that are there and are read: of a `tokenizer.json` it and its
  /// configuration, else all of which one is made.
  static List<String> read(Path directory) {
    List<String> present =
        NAMES.stream().filter(name -> Files.exists(directory.resolve(name))).toList();
    return present.contains(TOKENIZER)
        ? present.stream()
            .filter(name -> name.equals(TOKENIZER) || name.equals(TOKENIZER_CONFIG))
            .toList()
        : present;
  }

  /// Copies those that are there and returns their names; where there is no `tokenizer.json`, what
  /// transformers makes of the vocabulary is written as one.
  public static List<String> copy(Path from, Path to) throws IOException {
    List<String> present = new ArrayList<>();
    for (String name : NAMES) {
      if (Files.isRegularFile(from.resolve(name))) {
        DurableFiles.copy(from.resolve(name), to.resolve(name));
        present.add(name);
      }
    }
    if (!present.contains(TOKENIZER)) {
      Files.writeString(to.resolve(TOKENIZER), TextEncoder.tokenizerJson(from));
      present.add(TOKENIZER);
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
