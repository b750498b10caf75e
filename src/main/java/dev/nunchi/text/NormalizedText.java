package dev.nunchi.text;

import java.util.Arrays;

/// A text whose every UTF-16 unit knows the range of the original that it stands for.
///
/// The ranges are monotone: neither starts nor ends ever go back. A unit that stands for several
/// units of the original (a composed syllable, the last of a cut run, one space for many) has the
/// whole of their range; units that came from one unit (`k` and `g` of ㎏) share its range.
/// Instances are immutable.
public final class NormalizedText {
  private final String text;
  private final int[] starts;
  private final int[] ends;

  private NormalizedText(String text, int[] starts, int[] ends) {
    this.text = text;
    this.starts = starts;
    this.ends = ends;
  }

  /// The text as it is, every unit standing for itself.
  static NormalizedText of(String text) {
    int[] starts = new int[text.length()];
    int[] ends = new int[text.length()];
    for (int i = 0; i < starts.length; i++) {
      starts[i] = i;
      ends[i] = i + 1;
    }
    return new NormalizedText(text, starts, ends);
  }

  /// The normalised string.
  public String text() {
    return text;
  }

  /// Where the unit at `index` of [#text] starts in the original, in UTF-16 units.
  public int start(int index) {
    return starts[index];
  }

  /// Where the unit at `index` of [#text] ends in the original, exclusive, in UTF-16 units.
  public int end(int index) {
    return ends[index];
  }

  /// The range of the original that `[start, end)` of [#text] stands for; [Span#NONE] for an empty
  /// range.
  public Span original(int start, int end) {
    return start >= end ? Span.NONE : new Span(starts[start], ends[end - 1]);
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
      System.arraycopy(source.starts, from, starts, text.length(), to - from);
      System.arraycopy(source.ends, from, ends, text.length(), to - from);
      text.append(source.text, from, to);
    }

    /// Puts `replacement` in the place of units `[from, to)` of the source.
    void replace(CharSequence replacement, int from, int to) {
      int length = replacement.length();
      reserve(length);
      Arrays.fill(starts, text.length(), text.length() + length, source.starts[from]);
      Arrays.fill(ends, text.length(), text.length() + length, source.ends[to - 1]);
      text.append(replacement);
    }

    /// Lets the last `units` written stand for the source up to unit `to` as well.
    void extend(int units, int to) {
      Arrays.fill(ends, text.length() - units, text.length(), source.ends[to - 1]);
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
