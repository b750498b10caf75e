package dev.nunchi.text;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A class of transformers that reads SentencePiece models.
enum SentencePieceFamily {
  DEBERTA_V2("deberta-v2", "DebertaV2Tokenizer", "spm.model"),
  XLM_ROBERTA("xlm-roberta", "XLMRobertaTokenizer", "sentencepiece.bpe.model"),
  CAMEMBERT("camembert", "CamembertTokenizer", "sentencepiece.bpe.model");

  private static final String CONFIG_JSON = "config.json";
  private static final Map<String, String> BRACKETS =
      Map.of(
          "bos", "[CLS]", "eos", "[SEP]", "unk", "[UNK]", "sep", "[SEP]", "pad", "[PAD]", "cls",
          "[CLS]", "mask", "[MASK]");
  private static final Map<String, String> TAGS =
      Map.of(
          "bos", "<s>", "eos", "</s>", "unk", "<unk>", "sep", "</s>", "pad", "<pad>", "cls", "<s>",
          "mask", "<mask>");

  private final String modelType;
  private final String tokenizerClass;
  private final String fileName;

  SentencePieceFamily(String modelType, String tokenizerClass, String fileName) {
    this.modelType = modelType;
    this.tokenizerClass = tokenizerClass;
    this.fileName = fileName;
  }

  static boolean isFileName(String name) {
    for (SentencePieceFamily family : values()) {
      if (family.fileName.equals(name)) {
        return true;
      }
    }
    return false;
  }

  /// The SentencePiece model of a directory, null where it has none.
  static @Nullable Path fileIn(Path directory) {
    for (SentencePieceFamily family : values()) {
      Path file = directory.resolve(family.fileName);
      if (Files.exists(file)) {
        return file;
      }
    }
    return null;
  }

  /// The family that the files beside a model name: the `tokenizer_class` of
  /// `tokenizer_config.json` or else the `model_type` of `config.json`.
  ///
  /// @throws NunchiException `UNSUPPORTED_MODEL` where they name none, or one whose file has
  ///   another name
  static SentencePieceFamily of(Path file, JsonNode tokenizerConfiguration) {
    String named = tokenizerConfiguration.path("tokenizer_class").asText("");
    String said = "tokenizer_class is " + named;
    if (named.isEmpty()) {
      named =
          WordPieceSettings.read(file.resolveSibling(CONFIG_JSON)).path("model_type").asText("");
      said =
          named.isEmpty()
              ? "neither config.json nor tokenizer_config.json beside it says of which model"
              : "model_type of config.json is " + named;
    }
    for (SentencePieceFamily family : values()) {
      if ((named.equals(family.modelType) || named.matches(family.tokenizerClass + "(Fast)?"))
          && file.endsWith(family.fileName)) {
        return family;
      }
    }
    throw new NunchiException(
        Reason.UNSUPPORTED_MODEL,
        "%s: %s, but spm.model is read of deberta-v2 and sentencepiece.bpe.model of xlm-roberta and camembert; open the directory with transformers' AutoTokenizer and save_pretrained it there"
            .formatted(file, said));
  }

  /// What a special token is called unless it is configured.
  ///
  /// @param name `bos`, `eos`, `unk`, `sep`, `pad`, `cls` or `mask`
  String defaultToken(String name) {
    Map<String, String> tokens = this == DEBERTA_V2 ? BRACKETS : TAGS;
    return tokens.getOrDefault(name, "");
  }
}
