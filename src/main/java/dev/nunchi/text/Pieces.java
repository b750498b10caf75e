package dev.nunchi.text;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How a text is cut before byte-pair merges, which never cross a cut.
///
/// Words end at white space, and ▁ (U+2581) is put before each, so that the token at the start of a
/// word differs from the same letters inside one. Within a word there are cuts between
///
/// - Hangul syllables
/// - jamo (ㅋㅋ, ㅠㅠ)
/// - other letters with their marks
/// - up to three digits
/// - everything else: punctuation and emoji
///
/// since Korean users write 좋아요!!ㅋㅋ and 10점 without spaces, and a merge across would learn them as
/// one word. The same pattern stands in `tokenizer.json` for Oniguruma; both engines read it alike.
final class Pieces {
  static final String WORD_START = "▁";
  static final String PATTERN =
      "▁?[가-힣]+"
          + "|▁?[ㄱ-ㆎ]+"
          + "|▁?[\\p{L}\\p{M}&&[^가-힣ㄱ-ㆎ]]+"
          + "|▁?\\p{N}{1,3}"
          + "|▁?[^\\s\\p{L}\\p{M}\\p{N}▁]+";

  private static final Pattern WORD = Pattern.compile("[^\\s]+", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern PIECE = Pattern.compile(PATTERN);

  private Pieces() {}

  static List<String> of(String text) {
    List<String> pieces = new ArrayList<>();
    Matcher words = WORD.matcher(text);
    while (words.find()) {
      String word = words.group();
      Matcher matcher = PIECE.matcher(word.startsWith(WORD_START) ? word : WORD_START + word);
      while (matcher.find()) {
        pieces.add(matcher.group());
      }
    }
    return pieces;
  }
}
