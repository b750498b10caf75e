package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.Precision;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The built-in models, which are in int8: a text has the same bits alone as in any batch.
class InvarianceTest {
  private static final List<String> WORDS =
      List.of("영화", "정말", "재미있어요", "별로", "ㅋㅋㅋ", "배우들의", "연기는", "좋았지만", "지루한", "10점", "!!", "Good");

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 7, 16, 33, 64})
  void logits_inABatchOfMixedLengths_equalThoseAlone(int size) {
    assertAlike(BuiltInModel.directory(Optional.empty()), false, size, 192);
  }

  /// Also two models that were joined, and one with the head of another, compute no padding.
  @ParameterizedTest
  @ValueSource(strings = {"nsmc-combined", "movie3-combined"})
  void logitsOfATransformer_inABatchOfMixedLengths_equalThoseAlone(String name) {
    assertAlike(BuiltInModel.directory(Optional.empty()).resolveSibling(name), true, 8, 48);
  }

  /// Convolutions and n-grams.
  @Test
  void logitsOfConvolutions_inABatchOfMixedLengths_equalThoseAlone() {
    assertAlike(
        BuiltInModel.directory(Optional.empty()).resolveSibling("nsmc-medium"), false, 16, 96);
  }

  private static void assertAlike(Path directory, boolean packed, int size, int texts) {
    ModelDirectory model = ModelDirectory.open(directory);
    assertEquals(Precision.INT8, model.manifest().proof().precision());
    List<Encoding> encodings = encodings(model, size, texts);
    try (OnnxModel onnx = OnnxModel.open(model, InferenceOptions.CPU)) {
      assertEquals(packed, onnx.isPacked());
      for (int from = 0; from < texts; from += size) {
        List<Encoding> batch = encodings.subList(from, Math.min(from + size, texts));
        float[][] together = onnx.logits(PaddedBatch.of(batch, model.padTokenId()));
        for (int i = 0; i < batch.size(); i++) {
          float[] alone = onnx.logits(PaddedBatch.of(List.of(batch.get(i)), model.padTokenId()))[0];
          assertArrayEquals(alone, together[i], 0);
        }
      }
    }
  }

  private static List<Encoding> encodings(ModelDirectory model, long seed, int texts) {
    Random random = new Random(seed);
    List<Encoding> encodings = new ArrayList<>();
    try (TextEncoder encoder =
        TextEncoder.open(
            model.path(),
            Normalizer.of(model.manifest().text().normalization()),
            model.manifest().text().maxLength())) {
      for (int i = 0; i < texts; i++) {
        List<String> words = new ArrayList<>();
        // Mostly short, as comments are, and a few that are cut.
        for (int j = (int) Math.exp(random.nextDouble() * Math.log(90)); j >= 0; j--) {
          words.add(WORDS.get(random.nextInt(WORDS.size())));
        }
        encodings.add(encoder.encode(String.join(" ", words), Truncation.KEEP_HEAD_AND_TAIL));
      }
    }
    return encodings;
  }
}
