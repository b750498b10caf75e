package dev.nunchi.infer;

/// How many tokens a text has, guessed from its length before it is encoded, learnt from the texts
/// that were. Guarded by its owner's lock.
///
/// Guesses are high rather than low, so that what is admitted is answered: the mean of tokens for
/// each UTF-16 unit, and as much more as texts are off it on average, both with a past that fades.
/// As long as nothing is known each unit is a token, which bounds what most tokenizers make.
final class TokenEstimate {
  /// What a text still weighs when the next has come.
  private static final double FADING = 1 - 1.0 / 256;

  /// Of a text are counted that many units more than it has, for its special tokens.
  private static final int SPECIAL = 2;

  private double texts;
  private double ratios;
  private double deviations;

  /// @param units of the text, in UTF-16
  /// @param maxLength the longest encoding
  int tokens(int units, int maxLength) {
    double perUnit = texts == 0 ? 1 : (ratios + deviations) / texts;
    return (int) Math.clamp(Math.ceil(perUnit * (units + SPECIAL)), 1, maxLength);
  }

  /// @param tokens that a text of so many units turned out to have, before truncation
  void observe(int units, int tokens) {
    double ratio = (double) tokens / (units + SPECIAL);
    double mean = texts == 0 ? ratio : ratios / texts;
    texts = FADING * texts + 1;
    ratios = FADING * ratios + ratio;
    deviations = FADING * deviations + Math.abs(ratio - mean);
  }
}
