package dev.nunchi.data;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.util.regex.Pattern;

/// How many rows a split takes.
public sealed interface SplitSize {
  /// No row.
  SplitSize NONE = new Count(0);

  /// A share of all rows, in [0, 1); the number of rows is rounded, half upwards.
  record Share(double share) implements SplitSize {
    public Share {
      if (!(share >= 0 && share < 1)) {
        throw invalid(Double.toString(share));
      }
    }

    @Override
    public long of(long rows) {
      return Math.round(share * rows);
    }
  }

  /// A number of rows.
  record Count(long count) implements SplitSize {
    public Count {
      if (count < 0) {
        throw invalid(Long.toString(count));
      }
    }

    @Override
    public long of(long rows) {
      return count;
    }
  }

  /// The number of rows out of `rows`.
  long of(long rows);

  /// Reads `0.1` as a share and `5000` as a count.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` if it is neither
  static SplitSize parse(String text) {
    if (Pattern.matches("\\d{1,12}", text)) {
      return new Count(Long.parseLong(text));
    }
    if (Pattern.matches("0?\\.\\d{1,12}", text)) {
      return new Share(Double.parseDouble(text));
    }
    throw invalid(text);
  }

  private static NunchiException invalid(String found) {
    return new NunchiException(
        Reason.INVALID_ARGUMENT,
        "A split's size is a share under 1 as 0.1 or a count as 5000, found "
            + Source.shown(found));
  }
}
