package dev.nunchi.export;

import dev.nunchi.model.Manifest;
import dev.nunchi.model.ModelDirectory;
import java.util.Locale;

/// The README.md of a model that [HeadWriter] wrote.
///
/// @param encoder the model whose encoder it has
record HeadCard(Manifest manifest, ModelDirectory encoder) {
  String markdown() {
    StringBuilder card =
        new StringBuilder("---\nlanguage: ko\npipeline_tag: text-classification\n");
    String license = manifest.origin().provenance().getOrDefault("license", "");
    if (!license.isEmpty()) {
      card.append("license: ").append(license.toLowerCase(Locale.ROOT)).append('\n');
    }
    card.append("---\n\n# ").append(manifest.name()).append("\n\n");
    card.append("A head of its own on the encoder of another model.\n\n| | |\n| --- | --- |\n");
    row(card, "labels", String.join(" ", manifest.task().labels().names()));
    row(
        card,
        "encoder",
        "%s (%s)".formatted(encoder.manifest().name(), encoder.manifest().proof().revision()));
    row(card, "data", manifest.origin().provenance().getOrDefault("data_source", "not named"));
    row(card, "longest text", manifest.text().maxLength() + " tokens");
    manifest.origin().shown().forEach((name, value) -> row(card, name, value));
    row(card, "temperature", String.format(Locale.ROOT, "%.3f", manifest.task().temperature()));
    if (!manifest.origin().notes().isEmpty()) {
      card.append("\nBefore you trust the figures:\n\n");
      manifest.origin().notes().forEach(note -> card.append("- ").append(note).append('\n'));
    }
    return card.toString();
  }

  private static void row(StringBuilder card, String name, String value) {
    card.append("| ").append(name).append(" | ").append(value).append(" |\n");
  }
}
