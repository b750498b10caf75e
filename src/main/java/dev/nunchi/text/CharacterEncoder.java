package dev.nunchi.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a [CharacterVocabulary] makes of a text, without the tokenizer's library: the same ids and
/// places, some ten times as fast. Safe for several threads.
///
/// A text that holds the name of a special token, as `[SEP]`, is left to the library, which reads
/// it as that token.
final class CharacterEncoder {
  /// `[CLS]` and `[SEP]`, which are around each text.
  static final int SPECIAL_TOKENS = 2;

  private static final int BASIC_PLANE = 1 << 16;

  /// The one character whose lower case is two: i and a dot above.
  private static final int DOTTED_I = 0x130;

  private static final int DOT_ABOVE = 0x307;

  /// In the place of an id: white space, which makes no token.
  private static final int NONE = -1;

  /// In the place of an id: not looked up yet. No text makes `[PAD]`.
  private static final int NEW = Vocabulary.PAD_ID;

  /// Ids of the characters that are tokens.
  private final Map<Integer, Integer> characters = new HashMap<>();

  /// What [#look] found for characters of the basic plane. Threads may look up the same one at the
  /// same time, and find the same.
  private final int[] found = new int[BASIC_PLANE];

  private CharacterEncoder(Map<String, Integer> vocabulary) {
    vocabulary.forEach((token, id) -> {
      // The others are special tokens, or such as no text makes.
      if (token.codePointCount(0, token.length()) == 1) {
        characters.put(token.codePointAt(0), id);
      }
    });
  }

  /// For a tokenizer that is in every part, but for the characters themselves, what
  /// [CharacterVocabulary#write] writes, so that the library takes it too; null for any other.
  ///
  /// @param vocabulary ids of its tokens, special tokens included
  static @Nullable CharacterEncoder of(JsonNode tokenizer, Map<String, Integer> vocabulary) {
    if (!tokenizer.path("model").path("type").asText().equals("WordLevel")) {
      return null;
    }
    for (int id = 0; id < Vocabulary.SPECIAL_TOKENS.size(); id++) {
      Integer there = vocabulary.get(Vocabulary.SPECIAL_TOKENS.get(id));
      if (there == null || there != id) {
        return null;
      }
    }
    if (!haveIds(tokenizer.path("model").path("vocab"))) {
      return null;
    }
    JsonNode ours = VocabularyFiles.tokenizer(new CharacterVocabulary(Vocabulary.SPECIAL_TOKENS));
    return areEqualBut("model", tokenizer, ours)
            && areEqualBut("vocab", tokenizer.path("model"), ours.path("model"))
        ? new CharacterEncoder(vocabulary)
        : null;
  }

  /// Whether these are ids of tokens that the library takes: it wants whole numbers from 0.
  private static boolean haveIds(JsonNode tokens) {
    return tokens.isObject()
        && tokens.properties().stream()
            .allMatch(token ->
                Surrogates.arePaired(token.getKey())
                    && token.getValue().isInt()
                    && token.getValue().intValue() >= 0);
  }

  private static boolean areEqualBut(String field, JsonNode one, JsonNode other) {
    return one.size() == other.size()
        && one.properties().stream()
            .allMatch(each ->
                each.getKey().equals(field) || each.getValue().equals(other.get(each.getKey())));
  }

  /// The text's encoding without a cut, `[CLS]` and `[SEP]` around it.
  ///
  /// @return null where the library is to be asked
  @Nullable Encoding encode(NormalizedText text) {
    String string = Surrogates.pair(text.text());
    if (string.indexOf('[') >= 0 && Vocabulary.SPECIAL_TOKENS.stream().anyMatch(string::contains)) {
      return null;
    }
    // Only the dotted I makes two.
    int[] ids = new int[2 * string.length() + 2];
    List<Span> spans = new ArrayList<>(string.length() + 2);
    int length = 0;
    int unknown = 0;
    ids[length++] = Vocabulary.CLS_ID;
    spans.add(Span.NONE);
    for (int i = 0, next; i < string.length(); i = next) {
      int c = string.codePointAt(i);
      next = i + Character.charCount(c);
      int id = id(c);
      if (id == NONE) {
        continue;
      }
      Span span = text.original(i, next);
      ids[length++] = id;
      unknown += id == Vocabulary.UNK_ID ? 1 : 0;
      spans.add(span);
      if (c == DOTTED_I) {
        int dot = id(DOT_ABOVE);
        ids[length++] = dot;
        unknown += dot == Vocabulary.UNK_ID ? 1 : 0;
        spans.add(span);
      }
    }
    ids[length++] = Vocabulary.SEP_ID;
    spans.add(Span.NONE);
    return new Encoding(Arrays.copyOf(ids, length), new int[length], spans, length, unknown, false);
  }

  private int id(int c) {
    if (c >= BASIC_PLANE) {
      return look(c);
    }
    int id = found[c];
    if (id == NEW) {
      id = look(c);
      found[c] = id;
    }
    return id;
  }

  /// The id of the character's lower case (of i for the dotted one), or [#NONE].
  private int look(int c) {
    if (isSpace(c)) {
      return NONE;
    }
    int lower = c == DOTTED_I ? 'i' : Character.toLowerCase(c);
    return characters.getOrDefault(lower, Vocabulary.UNK_ID);
  }

  /// What `\s` is to the library: the white space of Unicode.
  private static boolean isSpace(int c) {
    return (c >= '\t' && c <= '\r') || c == 0x85 || Character.isSpaceChar(c);
  }
}
