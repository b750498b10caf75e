package dev.nunchi.data;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A list of labels that a program wrote as one string: `['배송', '가격']` of pandas, `["a","b"]` of
/// JSON, `['배송' '가격']` of NumPy, also in round or curly brackets, and `[배송, 가격]` without quotes.
final class LabelList {
  private static final String NUMBERS = "[-+0-9.]+(\\s+[-+0-9.]+)+";
  private static final Pattern COMMA = Pattern.compile("\\s*,\\s*");
  private static final Pattern ESCAPE =
      Pattern.compile("\\\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", Pattern.DOTALL);
  private static final Pattern SPACE = Pattern.compile("\\s+");

  private final String text;
  private int position = 1;

  private LabelList(String text) {
    this.text = text;
  }

  /// Whether a field is such a list, whole or broken off: it begins with a bracket, and what
  /// follows is a quote or nothing, or the bracket closes at its end.
  static boolean isList(String field) {
    String text = field.strip();
    if (text.isEmpty() || "[({".indexOf(text.charAt(0)) < 0) {
      return false;
    }
    String inside = text.substring(1).stripLeading();
    return isQuote(inside)
        || (isClosed(text) && (text.charAt(0) == '[' ? text.indexOf('|') < 0 : isEmpty(text)));
  }

  /// Whether a field is a list whose labels are quoted, or an empty one: what no name looks like.
  static boolean isQuotedList(String field) {
    String text = field.strip();
    return isList(text) && (isQuote(text.substring(1).stripLeading()) || isEmpty(text));
  }

  private static boolean isEmpty(String closed) {
    return closed.substring(1, closed.length() - 1).isBlank();
  }

  private static boolean isQuote(String text) {
    return text.startsWith("'") || text.startsWith("\"");
  }

  private static boolean isClosed(String text) {
    return text.length() > 1
        && "])}".indexOf(text.charAt(text.length() - 1)) == "[({".indexOf(text.charAt(0));
  }

  /// The labels; empty where the list is broken, or has a number twice as a row of 0 and 1 has.
  ///
  /// @param field for which [#isList] holds
  static Optional<List<String>> parse(String field) {
    String text = field.strip();
    if (!isClosed(text)) {
      return Optional.empty();
    }
    String inside = text.substring(1, text.length() - 1).strip();
    if (inside.isEmpty()) {
      return Optional.of(List.of());
    }
    return isQuote(inside) ? new LabelList(text).quoted() : bare(inside);
  }

  private static Optional<List<String>> bare(String inside) {
    Pattern separator = inside.matches(NUMBERS) ? SPACE : COMMA;
    List<String> labels = List.of(separator.split(inside, -1));
    boolean repeated = new HashSet<>(labels).size() < labels.size();
    return repeated || labels.stream().anyMatch(String::isEmpty)
        ? Optional.empty()
        : Optional.of(labels);
  }

  private Optional<List<String>> quoted() {
    List<String> labels = new ArrayList<>();
    int end = text.length() - 1;
    while (position < end) {
      char c = text.charAt(position);
      if (c == ',' || Character.isWhitespace(c)) {
        position++;
      } else if (c == '\'' || c == '"') {
        Optional<String> label = string(c, end);
        if (label.isEmpty()) {
          return Optional.empty();
        }
        labels.add(label.get());
      } else {
        return Optional.empty();
      }
    }
    return Optional.of(labels);
  }

  /// The string that begins at `position`, which then is behind it.
  private Optional<String> string(char quote, int end) {
    StringBuilder label = new StringBuilder();
    for (int i = position + 1; i < end; i++) {
      char c = text.charAt(i);
      Matcher escape = ESCAPE.matcher(text).region(i, end);
      if (escape.lookingAt()) {
        label.append(unescaped(escape.group()));
        i = escape.end() - 1;
      } else if (c == quote) {
        position = i + 1;
        return Optional.of(label.toString());
      } else {
        label.append(c);
      }
    }
    return Optional.empty();
  }

  /// A code unit in hexadecimal, as JSON and Python write it, or the escape of one character.
  private static char unescaped(String escape) {
    if (escape.length() > 2) {
      return (char) Integer.parseInt(escape, 2, escape.length(), 16);
    }
    return switch (escape.charAt(1)) {
      case 'n' -> '\n';
      case 't' -> '\t';
      case 'r' -> '\r';
      default -> escape.charAt(1);
    };
  }
}
