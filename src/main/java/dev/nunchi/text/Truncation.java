package dev.nunchi.text;

/// What happens to a text with more tokens than the model takes. Nothing is ever cut silently: an
/// answer says that and how its text was cut.
public enum Truncation {
  /// Refuse the text with `TOO_MANY_TOKENS`; the default.
  REJECT,
  /// Keep the first tokens.
  KEEP_HEAD,
  /// Keep the first and the last tokens, half each, the head the larger of two unequal halves (Sun
  /// et al., 2019, <https://arxiv.org/abs/1905.05583>).
  KEEP_HEAD_AND_TAIL
}
