package dev.nunchi.cli;

import dev.nunchi.text.VocabularyCut;
import java.util.Locale;
import java.util.Map;

/// What the card of a model whose vocabulary was cut says of that.
final class TrimCard {
  private TrimCard() {}

  /// @param origin the whole model, as the manifest names it
  static String of(
      Map<String, String> origin,
      TrimReport report,
      VocabularyCut.Characters characters,
      int minCount) {
    String heldOut =
        report.heldOut().texts() == 0
            ? ""
            : String.format(
                Locale.ROOT,
                " Of %,d others %.2f %% are encoded as before.",
                report.heldOut().texts(),
                100 * report.heldOut().sameShare());
    return """
    ## Vocabulary

    `nunchi models trim` cut the vocabulary of %s%s%s to %s: those that %,d texts use%s, %s, and special tokens. The
    SHA-256 of its weights is %s; all other weights are as they were.%s A text whose pieces are all
    kept has the same hidden states, bit for bit; others are spelled with more and shorter pieces.
    """
        .formatted(
            origin.get("source"),
            origin.containsKey("source_revision") ? " at " + origin.get("source_revision") : "",
            origin.containsKey("license") ? " (licence " + origin.get("license") + ")" : "",
            origin.get("vocabulary"),
            report.chosen().texts(),
            minCount > 1 ? " at least %d times".formatted(minCount) : "",
            switch (characters) {
              case ALL -> "every single character";
              case USED -> "single characters among them";
            },
            origin.get("source_digest"),
            heldOut);
  }
}
