package dev.nunchi.serve;

import dev.nunchi.infer.Classifier;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.model.Manifest;

/// A model under the name by which requests choose it.
record ServedModel(String name, LoadedModel loaded) {
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
