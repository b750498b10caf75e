package dev.nunchi.text;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A text whose every UTF-16 unit knows the range of the original that it stands for.
///
/// The ranges are monotone: neither starts nor ends ever go back. A unit that stands for several
/// units of the original (a composed syllable, the last of a cut run, one space for many) has the
/// whole of their range; units that came from one unit (`k` and `g` of ㎏) share its range.
/// Instances are immutable.
public final class NormalizedText {
  private final String text;
  // Both null where every unit stands for itself, as in most texts.
  private final int @Nullable [] starts;
  private final int @Nullable [] ends;

  private NormalizedText(String text, int @Nullable [] starts, int @Nullable [] ends) {
    this.text = text;
    this.starts = starts;
    this.ends = ends;
  }

  /// The text as it is, every unit standing for itself.
  static NormalizedText of(String text) {
    return new NormalizedText(text, null, null);
  }

  /// The normalised string.
  public String text() {
    return text;
  }

  /// Where the unit at `index` of [#text] starts in the original, in UTF-16 units.
  public int start(int index) {
    return starts == null ? Objects.checkIndex(index, text.length()) : starts[index];
  }

  /// Where the unit at `index` of [#text] ends in the original, exclusive, in UTF-16 units.
  public int end(int index) {
    return ends == null ? Objects.checkIndex(index, text.length()) + 1 : ends[index];
  }

  /// The range of the original that `[start, end)` of [#text] stands for; [Span#NONE] for an empty
  /// range.
  public Span original(int start, int end) {
    return start >= end ? Span.NONE : new Span(start(start), end(end - 1));
  }

  /// The same places with other characters of the same length.
  NormalizedText withText(String replacement) {
    if (replacement.length() != text.length()) {
      throw new IllegalArgumentException("the replacement has another length");
    }
    return new NormalizedText(replacement, starts, ends);
  }

  /// Collects the output of a step that reads `source`.
  static final class Builder {
    private final NormalizedText source;
    private final StringBuilder text;
    private int[] starts;
    private int[] ends;

    Builder(NormalizedText source) {
      this.source = source;
      this.text = new StringBuilder(source.text.length());
      this.starts = new int[source.text.length()];
      this.ends = new int[source.text.length()];
    }

    /// Keeps units `[from, to)` of the source, each with its own range.
    void keep(int from, int to) {
      reserve(to - from);
      for (int i = from, at = text.length(); i < to; i++, at++) {
        starts[at] = source.start(i);
        ends[at] = source.end(i);
      }
      text.append(source.text, from, to);
    }

    /// Puts `replacement` in the place of units `[from, to)` of the source.
    void replace(CharSequence replacement, int from, int to) {
      int length = replacement.length();
      reserve(length);
      Arrays.fill(starts, text.length(), text.length() + length, source.start(from));
      Arrays.fill(ends, text.length(), text.length() + length, source.end(to - 1));
      text.append(replacement);
    }

    /// Lets the last `units` written stand for the source up to unit `to` as well.
    void extend(int units, int to) {
      Arrays.fill(ends, text.length() - units, text.length(), source.end(to - 1));
    }

    int length() {
      return text.length();
    }

    /// The code point that was written last, or -1.
    int last() {
      return text.isEmpty() ? -1 : text.codePointBefore(text.length());
    }

    NormalizedText build() {
      return new NormalizedText(text.toString(), starts, ends);
    }

    private void reserve(int more) {
      int needed = text.length() + more;
      if (needed > starts.length) {
        int capacity = Math.max(needed, starts.length * 2);
        starts = Arrays.copyOf(starts, capacity);
        ends = Arrays.copyOf(ends, capacity);
      }
    }
  }
}
