package dev.nunchi.data;

import java.util.HashMap;
import java.util.Map;

/// The Korean two-set keyboard (두벌식, KS X 5002): which letters lie beside a letter.
///
/// Only neighbours of its own kind count, a consonant's consonants and a vowel's vowels, so that a
/// slip leaves a syllable. A letter typed with shift has the neighbours of its key.
final class TwoSetKeyboard {
  // Each row is half a key further to the right than the one above.
  private static final String[] ROWS = {"ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ", "ㅋㅌㅊㅍㅠㅜㅡ"};
  private static final String SHIFTED = "ㅃㅉㄸㄲㅆㅒㅖ";
  private static final String UNSHIFTED = "ㅂㅈㄷㄱㅅㅐㅔ";
  private static final Map<Character, String> NEIGHBOURS = neighbours();

  private TwoSetKeyboard() {}

  /// The letters beside it; empty for what is no key of its own, as ㅘ and ㄺ.
  static String neighbours(char letter) {
    return NEIGHBOURS.getOrDefault(letter, "");
  }

  private static Map<Character, String> neighbours() {
    Map<Character, String> table = new HashMap<>();
    for (int row = 0; row < ROWS.length; row++) {
      for (int column = 0; column < ROWS[row].length(); column++) {
        char letter = ROWS[row].charAt(column);
        StringBuilder beside = new StringBuilder();
        add(beside, letter, row, column - 1);
        add(beside, letter, row, column + 1);
        add(beside, letter, row - 1, column);
        add(beside, letter, row - 1, column + 1);
        add(beside, letter, row + 1, column - 1);
        add(beside, letter, row + 1, column);
        table.put(letter, beside.toString());
      }
    }
    for (int i = 0; i < SHIFTED.length(); i++) {
      table.put(SHIFTED.charAt(i), table.getOrDefault(UNSHIFTED.charAt(i), ""));
    }
    return Map.copyOf(table);
  }

  private static void add(StringBuilder beside, char letter, int row, int column) {
    if (row < 0 || row >= ROWS.length || column < 0 || column >= ROWS[row].length()) {
      return;
    }
    char other = ROWS[row].charAt(column);
    if (isVowel(other) == isVowel(letter)) {
      beside.append(other);
    }
  }

  private static boolean isVowel(char letter) {
    return letter >= 'ㅏ' && letter <= 'ㅣ';
  }
}
