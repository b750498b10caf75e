package dev.nunchi.text;

import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// How a text is cut before byte-pair merges, which never cross a cut.
///
/// Every space becomes ▁ (U+2581) and so begins a word; one more stands before the text. The token
/// at the start of a word thus differs from the same letters inside one. Within a word there are
/// cuts between
///
/// - Hangul syllables
/// - jamo (ㅋㅋ, ㅠㅠ)
/// - up to three digits
/// - other letters with their marks
/// - everything else: punctuation and emoji
///
/// since Korean users write 좋아요!!ㅋㅋ and 10점 without spaces, and a merge across would learn them as
/// one word. The pattern stands in `tokenizer.json` as well, for Oniguruma; both engines read it
/// alike. White space other than the space is cut off, where a [Normalization] leaves any.
final class Pieces {
  static final String WORD_START = "▁";
  static final String PATTERN =
      "▁?(?:[가-힣]+"
          + "|[ㄱ-ㆎ]+"
          + "|\\p{N}{1,3}"
          + "|[\\p{L}\\p{M}&&[^가-힣ㄱ-ㆎ]]+"
          + "|[^\\s\\p{L}\\p{M}\\p{N}▁]+)"
          + "|▁|\\s+";

  private static final Pattern PIECE = Pattern.compile(PATTERN);

  private Pieces() {}

  static List<String> of(String text) {
    String marked = text.replace(" ", WORD_START);
    if (!marked.isEmpty() && !marked.startsWith(WORD_START)) {
      marked = WORD_START + marked;
    }
    return PIECE.matcher(marked).results().map(MatchResult::group).toList();
  }
}
