package dev.nunchi.nn;

/// How the vectors of a text's tokens become one.
public enum Pooling {
  /// That of the first token, which encoders keep for the text as a whole.
  FIRST,
  /// That of the last token that is no padding; of a row of padding alone, the first one.
  LAST,
  /// The mean of those that are no padding; zeros for a row of padding alone.
  MEAN
}
