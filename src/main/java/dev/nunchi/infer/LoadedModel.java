package dev.nunchi.infer;

import dev.nunchi.model.Manifest;

/// A model that passed its self-test and answers.
///
/// @param manifest what its directory says about it
/// @param maxLength longest input in tokens, special tokens included
/// @param device what it runs on: `cpu` or `cuda`
public record LoadedModel(Manifest manifest, int maxLength, String device, Classifier classifier)
    implements AutoCloseable {
  /// Answers all that was accepted, then gives its memory back.
  @Override
  public void close() {
    classifier.close();
  }
}
