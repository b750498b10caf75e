package dev.nunchi.text;

/// One step of a [Normalizer]: reads a text, returns the same instance where it has nothing to do.
@FunctionalInterface
interface NormalizationStep {
  NormalizedText apply(NormalizedText text);
}
