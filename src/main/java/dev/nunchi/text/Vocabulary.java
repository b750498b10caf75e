package dev.nunchi.text;

import java.nio.file.Path;
import java.util.List;

/// The tokens of a byte-pair encoding and the merges that make them.
///
/// @param tokens every token at its id: the special tokens, the 256 bytes (`<0x00>` to `<0xFF>`)
///   that spell characters the vocabulary lacks, the characters, then what merges make
/// @param merges in the order in which an encoder applies them
public record Vocabulary(List<String> tokens, List<Merge> merges) {
  public static final String PAD = "[PAD]";
  public static final String UNK = "[UNK]";
  public static final String CLS = "[CLS]";
  public static final String SEP = "[SEP]";
  public static final String MASK = "[MASK]";

  /// Each at its id.
  public static final List<String> SPECIAL_TOKENS = List.of(PAD, UNK, CLS, SEP, MASK);

  public static final int PAD_ID = 0;
  public static final int UNK_ID = 1;
  public static final int CLS_ID = 2;
  public static final int SEP_ID = 3;
  public static final int MASK_ID = 4;

  /// Two neighbouring tokens, by id, that become one.
  public record Merge(int left, int right) {}

  public int size() {
    return tokens.size();
  }

  /// Writes `tokenizer.json`, `tokenizer_config.json` and `special_tokens_map.json`, which
  /// transformers' `AutoTokenizer` opens. The `tokenizer.json` has no normaliser: a caller from
  /// elsewhere normalises first, as [Normalizer] does.
  ///
  /// @param maxLength longest input of the model in tokens, special tokens included
  public void write(Path directory, int maxLength) {
    VocabularyFiles.write(VocabularyFiles.tokenizer(this), directory, maxLength);
  }
}
