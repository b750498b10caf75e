package dev.nunchi.text;

/// A Hangul syllable taken apart into compatibility jamo: 한 is ㅎ, ㅏ and ㄴ.
///
/// @param trailing the final consonant, or [#OPEN] where the syllable has none
public record Syllable(char leading, char vowel, char trailing) {
  /// In the place of a final consonant that is not there.
  public static final char OPEN = '\0';

  /// Syllables with one consonant and one vowel at their start: one open form, 27 closed ones.
  public static final int FORMS = 28;

  /// Syllables in all.
  public static final int COUNT = 11_172;

  /// 가, the first of them.
  public static final char FIRST = '\uAC00';

  private static final char LAST = '\uD7A3';
  private static final String LEADING = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
  private static final String VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ";
  private static final String TRAILING = OPEN + Jamo.TRAILING_LETTERS;

  /// @throws IllegalArgumentException for a letter that cannot stand in its place, as final ㄸ
  public Syllable {
    if (!isLeading(leading) || !isVowel(vowel) || !(trailing == OPEN || isTrailing(trailing))) {
      throw new IllegalArgumentException(
          "U+%04X, U+%04X and U+%04X make no syllable"
              .formatted((int) leading, (int) vowel, (int) trailing));
    }
  }

  /// Whether a compatibility jamo can begin a syllable.
  static boolean isLeading(char jamo) {
    return LEADING.indexOf(jamo) >= 0;
  }

  static boolean isVowel(char jamo) {
    return jamo >= 'ㅏ' && jamo <= 'ㅣ';
  }

  /// Whether a compatibility jamo can end a syllable.
  static boolean isTrailing(char jamo) {
    return Jamo.TRAILING_LETTERS.indexOf(jamo) >= 0;
  }

  /// Whether the code point is one of the 11,172 syllables.
  public static boolean isSyllable(int c) {
    return c >= FIRST && c <= LAST;
  }

  /// @throws IllegalArgumentException for what is no syllable
  public static Syllable of(int c) {
    if (!isSyllable(c)) {
      throw new IllegalArgumentException("U+%04X is no syllable".formatted(c));
    }
    int number = c - FIRST;
    int rest = number / TRAILING.length();
    return new Syllable(
        LEADING.charAt(rest / VOWELS.length()),
        VOWELS.charAt(rest % VOWELS.length()),
        TRAILING.charAt(number % TRAILING.length()));
  }

  public boolean isOpen() {
    return trailing == OPEN;
  }

  public Syllable withLeading(char other) {
    return new Syllable(other, vowel, trailing);
  }

  public Syllable withVowel(char other) {
    return new Syllable(leading, other, trailing);
  }

  public Syllable withTrailing(char other) {
    return new Syllable(leading, vowel, other);
  }

  /// The one character.
  public char composed() {
    int number = LEADING.indexOf(leading) * VOWELS.length() + VOWELS.indexOf(vowel);
    return (char) (FIRST + number * TRAILING.length() + TRAILING.indexOf(trailing));
  }

  /// The letters one after the other: ㅎㅏㄴ.
  public String letters() {
    String open = "" + leading + vowel;
    return isOpen() ? open : open + trailing;
  }
}
