package dev.nunchi.text;

import java.util.function.IntPredicate;

/// What a file or an argument brought, as a message can show it on a terminal: in one line, a
/// character that a terminal would obey written out as `\u001B`, and not without end.
public final class ShownText {
  private static final int LONGEST_SENTENCE = 1000;
  private static final int END_OF_SENTENCE = 300;

  private ShownText() {}

  /// A sentence; of a very long one the beginning and the end.
  public static String sentence(String sentence) {
    String cut =
        sentence.length() <= LONGEST_SENTENCE
            ? sentence
            : sentence.substring(0, LONGEST_SENTENCE - END_OF_SENTENCE)
                + " … "
                + sentence.substring(sentence.length() - END_OF_SENTENCE);
    return shown(cut.strip(), cut.length(), ShownText::isHarmless);
  }

  /// The beginning of a name, or of the text that stands in its place.
  ///
  /// @param longest characters of it, 1 or more
  public static String name(String name, int longest) {
    return shown(name, longest, ShownText::isHarmless);
  }

  /// As [#name], in quotes and with every character written out that cannot be seen or be mistaken
  /// for another, as [PlainName] has it.
  public static String distinctName(String name, int longest) {
    return "'" + shown(name, longest, c -> c == ' ' || (isHarmless(c) && isPlain(c))) + "'";
  }

  private static String shown(String text, int longest, IntPredicate asItIs) {
    StringBuilder shown = new StringBuilder();
    text.codePoints()
        .limit(longest)
        .forEach(c -> {
          if (asItIs.test(c)) {
            shown.appendCodePoint(c);
          } else {
            shown.append(c == '\n' ? " " : "\\u%04X".formatted(c));
          }
        });
    return shown.append(text.codePointCount(0, text.length()) > longest ? "…" : "").toString();
  }

  private static boolean isPlain(int character) {
    String alone = Character.toString(character);
    return PlainName.of(alone).equals(alone);
  }

  private static boolean isHarmless(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
