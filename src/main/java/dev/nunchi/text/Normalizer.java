package dev.nunchi.text;

import java.util.ArrayList;
import java.util.List;

/// Makes one form of the many in which users type the same Korean text.
///
/// Which steps it takes is said by its [Normalization]. The whole is idempotent: a normalised text
/// stays as it is. An unpaired surrogate becomes U+FFFD, except with version 0, which returns every
/// text untouched. Instances are immutable and safe for many threads.
public final class Normalizer {
  private final Normalization settings;
  private final List<NormalizationStep> steps;

  private Normalizer(Normalization settings, List<NormalizationStep> steps) {
    this.settings = settings;
    this.steps = steps;
  }

  public static Normalizer of(Normalization settings) {
    // The order matters. Plain forms come first since they may be invisible, jamo or repeated;
    // what is invisible goes before jamo and marks compose across it; runs are counted last, on
    // characters in their final form.
    List<NormalizationStep> steps = new ArrayList<>();
    if (settings.version() > 0) {
      steps.add(Surrogates::pair);
    }
    if (settings.compatibilityForms()) {
      steps.add(CompatibilityForms::plain);
    }
    if (settings.invisibleCharacters()) {
      steps.add(InvisibleCharacters::remove);
    }
    if (settings.jamo()) {
      steps.add(Jamo::compose);
    }
    if (settings.jamo() && settings.version() > 1) {
      steps.add(LooseJamo::compose);
    }
    if (settings.composition()) {
      steps.add(Composition::compose);
    }
    if (settings.whiteSpace()) {
      steps.add(WhiteSpace::fold);
    }
    if (settings.maxRun() > 0) {
      steps.add(text -> Runs.cut(text, settings.maxRun()));
    }
    return new Normalizer(settings, List.copyOf(steps));
  }

  public Normalization settings() {
    return settings;
  }

  /// [Normalization#hash] of the settings.
  public String hash() {
    return settings.hash();
  }

  /// Whether a text holds nothing to classify: it is empty, or of white space and characters
  /// without a look alone, as Hangul fillers and zero-width spaces. Nothing is left of it under
  /// [Normalization#STANDARD], and it counts as empty for every model, also one that was trained
  /// without normalisation.
  public static boolean isEmpty(String text) {
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      if (!WhiteSpace.isWhiteSpace(c) && !InvisibleCharacters.isInvisible(c)) {
        return false;
      }
      i += Character.charCount(c);
    }
    return true;
  }

  /// The normalised text with the places in `text` that it came from.
  public NormalizedText normalize(String text) {
    NormalizedText normalized = NormalizedText.of(text);
    if (TidyText.isTidy(text, settings.maxRun())) {
      return normalized;
    }
    for (NormalizationStep step : steps) {
      normalized = step.apply(normalized);
    }
    return normalized;
  }

  /// The normalised text alone.
  public String apply(String text) {
    return normalize(text).text();
  }
}
