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
}
