package dev.nunchi.text;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import org.jspecify.annotations.Nullable;

/// The way back from code points of a normalised text, in which the tokenizer counts, to UTF-16
/// units of the original.
final class CodePoints {
  private final NormalizedText text;
  // Null where every code point is one unit, as in most texts.
  private final int @Nullable [] units;

  CodePoints(NormalizedText text) {
    this.text = text;
    String string = text.text();
    int count = string.codePointCount(0, string.length());
    if (count == string.length()) {
      this.units = null;
      return;
    }
    int[] offsets = new int[count + 1];
    for (int i = 0, unit = 0; i < count; i++) {
      offsets[i] = unit;
      unit += Character.charCount(string.codePointAt(unit));
    }
    offsets[count] = string.length();
    this.units = offsets;
  }

  /// [Span#NONE] for an empty range, and for null, which special tokens have.
  Span span(@Nullable CharSpan characters) {
    if (characters == null) {
      return Span.NONE;
    }
    int start = unit(characters.getStart());
    int end = unit(characters.getEnd());
    return text.original(start, end);
  }

  private int unit(int codePoint) {
    return units == null ? codePoint : units[codePoint];
  }
}
