package dev.nunchi.serve;

import dev.nunchi.infer.Classifier;
import dev.nunchi.infer.Drift;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.model.Manifest;
import java.util.Optional;

/// A model under the name by which requests choose it.
///
/// @param drift of the texts that it answers; empty where its manifest has no reference
record ServedModel(String name, LoadedModel loaded, Optional<Drift> drift) {
  ServedModel(String name, LoadedModel loaded) {
    this(
        name,
        loaded,
        Optional.ofNullable(loaded.manifest().origin().reference())
            .map(reference -> new Drift(reference, loaded.manifest().task().labels())));
  }

  Manifest manifest() {
    return loaded.manifest();
  }

  Classifier classifier() {
    return loaded.classifier();
  }

  /// The first digits of its revision, which tell it from others.
  String shortRevision() {
    String revision = manifest().proof().revision();
    int digest = revision.indexOf(':') + 1;
    return revision.substring(0, Math.min(revision.length(), digest + 12));
  }
}
