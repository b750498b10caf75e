package dev.nunchi.data;

import java.util.Locale;
import java.util.Optional;

/// When so many tokens of texts are unknown to a vocabulary that a user should hear of it.
public final class UnknownTokens {
  private static final double MANY = 0.05;
  private static final double MOST = 0.3;

  private UnknownTokens() {}

  /// A sentence about texts of which more than a twentieth is unknown, with the likely cause where
  /// it is much more; else empty.
  ///
  /// @param texts what they are called, for example `the split train`
  /// @param share of their tokens that the vocabulary does not have, in [0, 1]
  public static Optional<String> warning(String texts, double share) {
    if (share <= MANY) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            Locale.ROOT,
            "Of the tokens of %s %.1f %% are unknown to the vocabulary%s.",
            texts,
            100 * share,
            share <= MOST
                ? ", and the model reads them all as one"
                : ": the model can read hardly anything. A tokenizer that lower-cases or strips"
                    + " accents takes Hangul apart; do_lower_case: false in tokenizer_config.json,"
                    + " or lowercase and strip_accents: false in tokenizer.json, keep it whole"));
  }
}
