package dev.nunchi.text;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nunchi.NunchiException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Finds what Hugging Face tokenizers 0.21 takes in a `tokenizer.json` without a look and meets
/// again as a panic, which ends the whole process, as no panic can leave native code:
///
/// - a template with a special token that the template does not define, or with a second text where
///   there is one;
/// - a BPE model whose merges lack its `continuing_subword_prefix`, which is cut from them;
/// - outside its model, a number that is none, half of a surrogate pair, or levels without end:
///   serde, which reads it there, refuses them, and of a decoder that refusal is not looked at;
/// - an added token without end, for which it would search texts for minutes before the first;
/// - normalisation rules of SentencePiece that lead out of their own tables, see [CharacterMap].
///
/// @param file named in errors
record TokenizerCheck(Path file) {
  private static final String TEMPLATE = "post_processor";

  /// Far more than any has.
  private static final int LONGEST_ADDED_TOKEN = 1_000;

  /// Fewer than serde takes.
  private static final int MOST_LEVELS = 100;

  /// @param root of the `tokenizer.json`
  /// @throws NunchiException `INVALID_MODEL` naming the part
  void check(JsonNode root) {
    root.forEachEntry((part, value) -> {
      if (!part.equals("model")) {
        checkReadable(part, value, 1);
      }
    });
    checkAddedTokens(root.path("added_tokens"));
    checkPostProcessor(root.path(TEMPLATE));
    checkNormalizer(root.path("normalizer"));
    JsonNode model = root.path("model");
    String prefix = model.path("continuing_subword_prefix").asText("");
    if (!prefix.isEmpty() && model.has("merges")) {
      checkMerges(model.path("merges"), prefix);
    }
  }

  private void checkAddedTokens(JsonNode tokens) {
    for (JsonNode token : tokens) {
      int length = token.path("content").asText().length();
      if (length > LONGEST_ADDED_TOKEN) {
        throw TokenizerFile.damaged(
            file,
            "cannot be used: added_tokens has a token of %d characters; at most %d are taken"
                .formatted(length, LONGEST_ADDED_TOKEN),
            null);
      }
    }
  }

  private void checkReadable(String part, JsonNode value, int level) {
    if (value.isNumber() && !Double.isFinite(value.doubleValue())) {
      throw unreadable(part, "a number that is out of range");
    }
    if (value.isTextual() && !Surrogates.arePaired(value.textValue())) {
      throw unreadable(part, "half of a surrogate pair, which is no character");
    }
    if (level > MOST_LEVELS) {
      throw unreadable(part, "more than %d levels".formatted(MOST_LEVELS));
    }
    value.forEachEntry((key, _) -> {
      if (!Surrogates.arePaired(key)) {
        throw unreadable(part, "half of a surrogate pair, which is no character");
      }
    });
    value.forEach(inner -> checkReadable(part, inner, level + 1));
  }

  private NunchiException unreadable(String part, String what) {
    return TokenizerFile.damaged(file, "cannot be used: %s has %s".formatted(part, what), null);
  }

  private void checkPostProcessor(JsonNode processor) {
    processor.path("processors").forEach(this::checkPostProcessor);
    if (!processor.path("type").asText().equals("TemplateProcessing")) {
      return;
    }
    JsonNode specialTokens = processor.path("special_tokens");
    for (String key : List.of("single", "pair")) {
      for (JsonNode piece : processor.path(key)) {
        JsonNode special = piece.path("SpecialToken").path("id");
        if (!special.isMissingNode() && !specialTokens.has(special.asText())) {
          throw damaged("%s: %s has the token %s, which special_tokens lacks", key, special);
        }
        JsonNode sequence = piece.path("Sequence").path("id");
        if (key.equals("single") && sequence.asText().equals("B")) {
          throw damaged("%s: %s has the text %s, but there is only A", key, sequence);
        }
      }
    }
  }

  private void checkNormalizer(JsonNode normalizer) {
    normalizer.path("normalizers").forEach(this::checkNormalizer);
    if (normalizer.path("type").asText().equals("Precompiled")
        && !CharacterMap.isWhole(normalizer.path("precompiled_charsmap").asText())) {
      throw TokenizerFile.damaged(
          file, "cannot be used: precompiled_charsmap of the normalizer is damaged", null);
    }
  }

  private void checkMerges(JsonNode merges, String prefix) {
    for (JsonNode merge : merges) {
      List<String> parts = new ArrayList<>();
      if (merge.isTextual()) {
        parts.addAll(List.of(merge.textValue().split(" ", 2)));
      } else {
        merge.forEach(part -> parts.add(part.asText()));
      }
      // The prefix is counted in characters and cut in bytes.
      if (parts.size() == 2
          && !(parts.get(1).startsWith(prefix) && prefix.chars().allMatch(c -> c < 0x80))) {
        throw TokenizerFile.damaged(
            file,
            "has the merge %s, whose second part does not begin with continuing_subword_prefix '%s'"
                .formatted(merge, prefix),
            null);
      }
    }
  }

  private NunchiException damaged(String message, String key, JsonNode value) {
    return TokenizerFile.damaged(
        file, "cannot be used: " + message.formatted(TEMPLATE, key, value), null);
  }
}
