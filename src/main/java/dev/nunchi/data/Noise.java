package dev.nunchi.data;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/// What users do to Korean text that a classifier should see through, a kind each; a person still
/// reads the same from the text.
///
/// A noised text is a function of the text, the kind and a seed alone. A text that a kind has
/// nothing to do on stays as it is, and a text that is not blank never becomes blank.
public enum Noise {
  /// No white space at all: `정말 재미있게 봤어요` to `정말재미있게봤어요`.
  SPACING_REMOVED(new SpacingRemoved()),

  /// Half of the spaces left out and others put inside words: `정말 재미있게 봤어요` to `정말재미 있게봤어요`.
  SPACING_RANDOM(new SpacingRandom()),

  /// Syllables to their letters, as those write who avoid a filter: `정말` to `ㅈㅓㅇㅁㅏㄹ`.
  JAMO_SPLIT(new JamoSplit()),

  /// In a tenth of the syllables a letter of the key beside it: `정말` to `정맣`.
  NEIGHBOURING_KEYS(new NeighbouringKeys()),

  /// Drawn out laughs, tears and vowels: `ㅋㅋ 너무 좋아요` to `ㅋㅋㅋㅋㅋㅋㅋ 너무우 좋아요오오`.
  STRETCHED(new Stretched()),

  /// Syllables to others that look alike (야민정음): `멍멍이 대박` to `댕댕이 머박`.
  LOOK_ALIKE(new LookAlike()),

  /// One to three emoji without a mood between words or at the end: `음악이 좋았어요` to `음악이 🎬 좋았어요`.
  EMOJI(new EmojiInserted()),

  /// Letters, digits and marks of ASCII to their full-width forms: `별 5개!` to `별 ５개！`.
  FULL_WIDTH(new FullWidth()),

  /// Half of the final consonants left out: `정말 좋았어요` to `저말 좋아어요`.
  FINALS_DROPPED(new FinalsDropped());

  private final NoiseKind kind;

  Noise(NoiseKind kind) {
    this.kind = kind;
  }

  /// The kind of that name, as [#key] has it; hyphens do too.
  public static Optional<Noise> find(String key) {
    String wanted = key.strip().replace('-', '_').toLowerCase(Locale.ROOT);
    return Arrays.stream(values()).filter(noise -> noise.key().equals(wanted)).findFirst();
  }

  /// Every kind's name, parted by commas.
  public static String keys() {
    return List.of(values()).stream().map(Noise::key).collect(Collectors.joining(", "));
  }

  /// The name for people and files, as `spacing_removed`.
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// The text as this kind changes it.
  ///
  /// @param seed other seeds change other places, where a kind chooses any
  public String apply(String text, long seed) {
    if (text.isBlank()) {
      return text;
    }
    // String.hashCode is specified, so the draw is the same on every platform.
    SplittableRandom random =
        new SplittableRandom(seed * 0x9E3779B97F4A7C15L + text.hashCode() * 0xD1B54A32D192ED03L);
    return kind.change(text, random);
  }
}
