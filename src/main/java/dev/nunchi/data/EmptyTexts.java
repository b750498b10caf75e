package dev.nunchi.data;

/// What becomes of a row whose text is empty, as [dev.nunchi.text.Normalizer#isEmpty] has it.
public enum EmptyTexts {
  /// The row is left out and counted.
  DROP,
  /// The reading ends with an error that names file and line.
  REFUSE
}
