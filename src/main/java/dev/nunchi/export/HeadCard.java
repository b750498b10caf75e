package dev.nunchi.export;

import dev.nunchi.model.Manifest;
import dev.nunchi.model.ModelDirectory;

/// The README.md of a model that [HeadWriter] wrote.
///
/// @param encoder the model whose encoder it has
record HeadCard(Manifest manifest, ModelDirectory encoder) {
  String markdown() {
    return new CardText(manifest, "A head of its own on the encoder of another model.")
        .row(
            "encoder",
            "%s (%s)".formatted(encoder.manifest().name(), encoder.manifest().proof().revision()))
        .row("data", manifest.origin().provenance().getOrDefault("data_source", "not named"))
        .row("longest text", manifest.text().maxLength() + " tokens")
        .ended();
  }
}
