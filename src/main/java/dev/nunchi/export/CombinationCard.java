package dev.nunchi.export;

import dev.nunchi.model.Manifest;
import dev.nunchi.model.ModelDirectory;
import java.util.Locale;

/// The README.md of a model that [Combiner] wrote.
///
/// @param weight of the second's logits
record CombinationCard(
    Manifest manifest, ModelDirectory first, ModelDirectory second, double weight) {
  String markdown() {
    return new CardText(manifest, "Two models in one graph, whose logits add up.")
        .row("longest text", manifest.text().maxLength() + " tokens of the first")
        .row("first", described(first, 1 - weight))
        .row("second", described(second, weight))
        .ended();
  }

  private static String described(ModelDirectory model, double weight) {
    return String.format(
        Locale.ROOT,
        "%s, weight %.2f, temperature %.3f, licence %s (%s)",
        model.manifest().name(),
        weight,
        model.manifest().task().temperature(),
        model.manifest().origin().provenance().getOrDefault("license", "not named"),
        model.manifest().proof().revision());
  }
}
