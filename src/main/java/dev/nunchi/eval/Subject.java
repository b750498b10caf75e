package dev.nunchi.eval;

/// What was measured on what.
///
/// @param model the model's name
/// @param revision the digest of its weights
/// @param data the name of the file with the labelled texts
public record Subject(String model, String revision, String data) {}
