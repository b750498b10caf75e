package dev.nunchi.eval;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;

/// Writes HTML that is also well-formed XML. All text and all attributes pass through escaping:
/// there is no way around it.
final class Markup {
  // Between their children white space would show.
  private static final Set<String> INLINE =
      Set.of("text", "title", "th", "td", "dt", "dd", "h1", "h2", "h3", "p", "figcaption");

  private final StringBuilder out = new StringBuilder("<!DOCTYPE html>\n");
  private final Deque<String> open = new ArrayDeque<>();

  /// Begins an element.
  ///
  /// @param attributes names and values in turn
  Markup open(String element, String... attributes) {
    tag(element, attributes);
    out.append('>');
    open.push(element);
    return this;
  }

  /// Ends the element that began last.
  Markup close() {
    String element = open.pop();
    out.append("</").append(element).append('>');
    if (open.isEmpty() || !INLINE.contains(open.peek())) {
      out.append('\n');
    }
    return this;
  }

  /// An element without content; of HTML's own only those that never have any.
  Markup empty(String element, String... attributes) {
    tag(element, attributes);
    out.append("/>\n");
    return this;
  }

  /// An element that holds text alone.
  Markup element(String element, String text, String... attributes) {
    return open(element, attributes).text(text).close();
  }

  Markup text(String text) {
    escape(text, false);
    return this;
  }

  /// @throws IllegalStateException if an element is open still
  @Override
  public String toString() {
    if (!open.isEmpty()) {
      throw new IllegalStateException("Element %s is open".formatted(open.peek()));
    }
    return out.toString();
  }

  private void tag(String element, String... attributes) {
    out.append('<').append(element);
    for (int i = 0; i < attributes.length; i += 2) {
      out.append(' ').append(attributes[i]).append("=\"");
      escape(attributes[i + 1], true);
      out.append('"');
    }
  }

  private void escape(String text, boolean quotes) {
    text.codePoints()
        .forEach(c -> {
          switch (c) {
            case '<' -> out.append("&lt;");
            case '>' -> out.append("&gt;");
            case '&' -> out.append("&amp;");
            case '"' -> out.append(quotes ? "&quot;" : "\"");
            default -> out.appendCodePoint(isCharacter(c) ? c : 0xfffd);
          }
        });
  }

  /// Whether XML 1.0 allows the code point; control characters and halves of pairs it does not.
  private static boolean isCharacter(int c) {
    return c == '\t'
        || c == '\n'
        || (c >= 0x20 && c < 0x7f)
        || (c > 0x9f && c <= 0xd7ff)
        || (c >= 0xe000 && c <= 0xfffd)
        || c >= 0x10000;
  }
}
