package dev.nunchi.text;

/// Which steps a [Normalizer] takes, and the version of their definitions.
///
/// It travels in the manifest of a model: a text is normalised at serving as it was at training.
///
/// @param version version of the steps' definitions; 0 with no step at all
/// @param compatibilityForms compatibility and full-width forms to their plain ones (ＡＢＣ to ABC)
/// @param invisibleCharacters zero-width and control characters removed
/// @param jamo conjoining jamo made syllables where they form one, else compatibility jamo
/// @param composition Unicode NFC
/// @param whiteSpace runs of white space to one space, none at either end
/// @param maxRun longest run of one repeated character that is kept (ㅋㅋㅋ, ㅠㅠ, !!!); 0 for no limit
public record Normalization(
    int version,
    boolean compatibilityForms,
    boolean invisibleCharacters,
    boolean jamo,
    boolean composition,
    boolean whiteSpace,
    int maxRun) {
  /// The version of the steps as this build defines them.
  public static final int CURRENT_VERSION = 1;

  /// No normalisation, for checkpoints that were trained without one.
  public static final Normalization NONE =
      new Normalization(0, false, false, false, false, false, 0);

  /// Every step, runs cut to three: what models trained here use.
  public static final Normalization STANDARD =
      new Normalization(CURRENT_VERSION, true, true, true, true, true, 3);
}
