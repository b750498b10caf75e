package dev.nunchi.train;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.data.Example;
import dev.nunchi.data.Noise;
import dev.nunchi.text.Encoding;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// Puts a share of the training texts under a kind of [Noise], so that a network learns to see
/// through it.
///
/// Which texts, which kinds and where they change a text depend on the seed, the epoch and the
/// text's index alone.
final class TextNoise {
  /// How a changed text is encoded, so that no encoder is held where there is no noise.
  @FunctionalInterface
  interface ExampleEncoder {
    /// @throws NunchiException `EMPTY_TEXT` where nothing is left to encode
    Encoding encode(Example example);
  }

  /// Leaves every text as it is.
  static final TextNoise NONE =
      new TextNoise(
          0,
          0,
          List.of(),
          _ -> {
            throw new IllegalStateException("no text is under noise");
          });

  private final double share;
  private final long seed;
  private final List<Example> texts;
  private final ExampleEncoder encoder;

  /// @param share of the texts of an epoch, in [0, 1)
  /// @param texts in the order of the training examples
  TextNoise(double share, long seed, List<Example> texts, ExampleEncoder encoder) {
    this.share = share;
    this.seed = seed;
    this.texts = List.copyOf(texts);
    this.encoder = encoder;
  }

  /// As a recipe says; holds on to the texts only where it says any.
  ///
  /// @param corpus whose encoder stays open while batches are prepared
  static TextNoise of(Recipe recipe, List<Example> train, Corpus corpus) {
    double share = recipe.batches().noiseShare();
    return share == 0
        ? NONE
        : new TextNoise(
            share,
            recipe.dataSeed(),
            train,
            example ->
                EncodedTexts.withoutSpans(
                    corpus
                        .encoder()
                        .encode(example.text(), example.context(), corpus.truncation())));
  }

  /// The encodings of the texts that are under noise in an epoch, by their index.
  Map<Integer, Encoding> epoch(int epoch) {
    Map<Integer, Encoding> noised = new HashMap<>();
    for (int index = 0; index < texts.size(); index++) {
      // Another stream than that of word dropout, which takes the same seed.
      SplittableRandom random =
          new SplittableRandom(~seed * 0x9E3779B97F4A7C15L + epoch * 0xD1B54A32D192ED03L + index);
      if (random.nextDouble() < share) {
        Noise kind = Noise.values()[random.nextInt(Noise.values().length)];
        Example example = texts.get(index);
        encode(example.withText(kind.apply(example.text(), random.nextLong())), index, noised);
      }
    }
    return noised;
  }

  /// A text of which the normaliser leaves nothing under noise stays as it is.
  private void encode(Example example, int index, Map<Integer, Encoding> noised) {
    try {
      noised.put(index, encoder.encode(example));
    } catch (NunchiException e) {
      if (e.reason() != Reason.EMPTY_TEXT) {
        throw e;
      }
    }
  }
}
