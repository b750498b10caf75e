package dev.nunchi.text;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.Sha256;

/// Which steps a [Normalizer] takes, and the version of their definitions.
///
/// It travels in the manifest of a model: a text is normalised at serving as it was at training.
/// The steps run in the order of the fields. With version 0 nothing is touched; from version 1 on
/// every unpaired surrogate becomes U+FFFD first, since no tokenizer can take it.
///
/// @param version version of the steps' definitions; 0 with no step at all
/// @param compatibilityForms compatibility and full-width forms to their plain ones (ＡＢＣ to ABC, ㎏
///   to kg, half-width jamo to ㅋ); ㅋ itself and ´ ¨ stay
/// @param invisibleCharacters control, zero-width and other characters without a look removed,
///   variation selectors among them; the joiner inside an emoji sequence stays
/// @param jamo conjoining jamo made syllables where they form one, else compatibility jamo; from
///   version 2 on compatibility jamo too that spell a syllable (ㅈㅓㅇㅁㅏㄹ to 정말), but not ㅋㅋ or ㅠㅠ
/// @param composition Unicode NFC
/// @param whiteSpace runs of white space to one space, none at either end
/// @param maxRun longest run of one repeated character that is kept (ㅋㅋㅋ, ㅠㅠ, !!!), digits and
///   white space apart; 0 for no limit
public record Normalization(
    int version,
    boolean compatibilityForms,
    boolean invisibleCharacters,
    boolean jamo,
    boolean composition,
    boolean whiteSpace,
    int maxRun) {
  /// The version of the steps as this build defines them.
  public static final int CURRENT_VERSION = 2;

  /// No normalisation, for checkpoints that were trained without one.
  public static final Normalization NONE =
      new Normalization(0, false, false, false, false, false, 0);

  /// Every step, runs cut to three: what models trained here use.
  public static final Normalization STANDARD =
      new Normalization(CURRENT_VERSION, true, true, true, true, true, 3);

  /// @throws NunchiException `UNSUPPORTED_MODEL` for a version that this build does not know,
  ///   `INVALID_ARGUMENT` for a step with version 0, a negative `maxRun`, or one of 1 with the jamo
  ///   of version 2
  public Normalization {
    if (version < 0 || version > CURRENT_VERSION) {
      throw new NunchiException(
          Reason.UNSUPPORTED_MODEL,
          "normalization.version is %d; this build knows 0 to %d"
              .formatted(version, CURRENT_VERSION));
    }
    if (maxRun < 0) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT, "normalization.maxRun is %d; 0 or more".formatted(maxRun));
    }
    if (version > 1 && jamo && maxRun == 1) {
      // Of a drawn-out vowel one would stay, which the next time made a syllable.
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "normalization.maxRun is 1; with jamo of version 2 it is 0 or at least 2");
    }
    boolean anyStep =
        compatibilityForms
            || invisibleCharacters
            || jamo
            || composition
            || whiteSpace
            || maxRun > 0;
    if (version == 0 && anyStep) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "normalization.version is 0, which has no steps, but a step is switched on");
    }
  }

  /// SHA-256 of the version and the switches, 64 hexadecimal digits; equal exactly where two
  /// settings normalise alike.
  public String hash() {
    String canonical =
        String.join(
            "\n",
            "nunchi.normalization",
            "version=" + version,
            "compatibilityForms=" + compatibilityForms,
            "invisibleCharacters=" + invisibleCharacters,
            "jamo=" + jamo,
            "composition=" + composition,
            "whiteSpace=" + whiteSpace,
            "maxRun=" + maxRun);
    return Sha256.hex(canonical);
  }
}
