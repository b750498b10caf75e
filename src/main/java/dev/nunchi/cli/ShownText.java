package dev.nunchi.cli;

/// A sentence as a terminal can show it: one line without control characters, of which a file or an
/// argument may have brought some, and of a very long one the beginning and the end.
final class ShownText {
  private static final int MOST = 1000;
  private static final int END = 300;

  private ShownText() {}

  static String of(String sentence) {
    StringBuilder shown = new StringBuilder();
    String cut =
        sentence.length() <= MOST
            ? sentence
            : sentence.substring(0, MOST - END)
                + " … "
                + sentence.substring(sentence.length() - END);
    cut.strip().codePoints().forEach(c -> append(shown, c));
    return shown.toString();
  }

  private static void append(StringBuilder shown, int character) {
    switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          shown.append(character == '\n' ? " " : "\\u%04x".formatted(character));
      default -> shown.appendCodePoint(character);
    }
  }
}
