package dev.nunchi.text;

/// A half-open range of UTF-16 units `[start, end)` in the text as the caller sent it.
public record Span(int start, int end) {
  /// The span of a special token, which stands for no text.
  public static final Span NONE = new Span(0, 0);

  public boolean isEmpty() {
    return start == end;
  }
}
