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
    StringBuilder card =
        new StringBuilder("---\nlanguage: ko\npipeline_tag: text-classification\n");
    String license = manifest.origin().provenance().getOrDefault("license", "");
    if (!license.isEmpty()) {
      card.append("license: ").append(license.toLowerCase(Locale.ROOT)).append('\n');
    }
    card.append("---\n\n# ").append(manifest.name()).append("\n\n");
    card.append("Two models in one graph, whose logits add up.\n\n| | |\n| --- | --- |\n");
    row(card, "labels", String.join(" ", manifest.task().labels().names()));
    row(card, "longest text", manifest.text().maxLength() + " tokens of the first");
    row(card, "first", described(first, 1 - weight));
    row(card, "second", described(second, weight));
    manifest.origin().shown().forEach((name, value) -> row(card, name, value));
    row(card, "temperature", String.format(Locale.ROOT, "%.3f", manifest.task().temperature()));
    if (!manifest.origin().notes().isEmpty()) {
      card.append("\nBefore you trust the figures:\n\n");
      manifest.origin().notes().forEach(note -> card.append("- ").append(note).append('\n'));
    }
    return card.toString();
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

  private static void row(StringBuilder card, String name, String value) {
    card.append("| ").append(name).append(" | ").append(value).append(" |\n");
  }
}
