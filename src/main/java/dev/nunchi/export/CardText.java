package dev.nunchi.export;

import dev.nunchi.model.Manifest;
import java.util.Locale;

/// The README.md of a model that was made of others: a sentence, a table and what a reader of its
/// figures should know.
final class CardText {
  private final Manifest manifest;
  private final StringBuilder card = new StringBuilder();

  /// Begins with the labels.
  ///
  /// @param sentence what it is
  CardText(Manifest manifest, String sentence) {
    this.manifest = manifest;
    card.append("---\nlanguage: ko\npipeline_tag: text-classification\n");
    String license = manifest.origin().provenance().getOrDefault("license", "");
    if (!license.isEmpty()) {
      card.append("license: ").append(license.toLowerCase(Locale.ROOT)).append('\n');
    }
    card.append("---\n\n# ").append(manifest.name()).append("\n\n");
    card.append(sentence).append("\n\n| | |\n| --- | --- |\n");
    row("labels", String.join(" ", manifest.task().labels().names()));
  }

  CardText row(String name, String value) {
    card.append("| ").append(name).append(" | ").append(value).append(" |\n");
    return this;
  }

  /// The whole, with what was measured and the notes after the other rows.
  String ended() {
    manifest.origin().shown().forEach(this::row);
    row("temperature", String.format(Locale.ROOT, "%.3f", manifest.task().temperature()));
    if (!manifest.origin().notes().isEmpty()) {
      card.append("\nBefore you trust the figures:\n\n");
      manifest.origin().notes().forEach(note -> card.append("- ").append(note).append('\n'));
    }
    return card.toString();
  }
}
