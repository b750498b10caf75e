import dev.nunchi.data.ExampleReader;
import dev.nunchi.data.ReadingNotes;
import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.OnnxModel;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// Two exports of one model on one thread: texts a second in turn, and how far a text's logits in a
/// batch are from those alone.
final class Precision {
  private static final int ROUNDS = 5;

  private Precision() {}

  public static void main(String[] args) {
    ModelDirectory first = ModelDirectory.open(Path.of(args[0]));
    ModelDirectory second = ModelDirectory.open(Path.of(args[1]));
    List<Encoding> encodings = encodings(first, Path.of(args[2]), Integer.parseInt(args[3]));
    try (OnnxModel exact = OnnxModel.open(first, InferenceOptions.CPU);
        OnnxModel rounded = OnnxModel.open(second, InferenceOptions.CPU)) {
      for (int batch : new int[] {1, 8, 32}) {
        speed(exact, rounded, encodings, first.padTokenId(), batch);
      }
      for (int batch : new int[] {2, 3, 8, 17, 32, 64}) {
        System.out.printf(
            Locale.ROOT,
            "batches of %2d against alone: greatest difference %s: %.1e, %s: %.1e%n",
            batch,
            first.manifest().proof().precision(),
            difference(exact, encodings, first.padTokenId(), batch),
            second.manifest().proof().precision(),
            difference(rounded, encodings, first.padTokenId(), batch));
      }
    }
  }

  private static List<Encoding> encodings(ModelDirectory model, Path data, int count) {
    try (TextEncoder encoder =
        TextEncoder.open(
            model.path(),
            Normalizer.of(model.manifest().text().normalization()),
            model.manifest().text().maxLength())) {
      return new ExampleReader()
          .readTexts(data, new ReadingNotes()).stream()
              .limit(count)
              .map(text -> encoder.encode(text, Truncation.KEEP_HEAD_AND_TAIL))
              .toList();
    }
  }

  /// Batches in the order of lengths, as `classify` and `evaluate` make them.
  private static void speed(
      OnnxModel exact, OnnxModel rounded, List<Encoding> encodings, int padTokenId, int size) {
    List<Encoding> sorted =
        encodings.stream().sorted((a, b) -> Integer.compare(a.length(), b.length())).toList();
    List<PaddedBatch> batches = batches(sorted, padTokenId, size);
    double[] ratios = new double[ROUNDS];
    double[] rates = new double[ROUNDS];
    for (int round = -1; round < ROUNDS; round++) {
      double slow = seconds(exact, batches);
      double fast = seconds(rounded, batches);
      if (round >= 0) {
        ratios[round] = slow / fast;
        rates[round] = encodings.size() / fast;
      }
    }
    Arrays.sort(ratios);
    Arrays.sort(rates);
    System.out.printf(
        Locale.ROOT,
        "batches of %2d on one thread: %,.0f texts/s rounded, ratio %.2f (%.2f to %.2f)%n",
        size,
        rates[ROUNDS / 2],
        ratios[ROUNDS / 2],
        ratios[0],
        ratios[ROUNDS - 1]);
  }

  private static double seconds(OnnxModel model, List<PaddedBatch> batches) {
    long start = System.nanoTime();
    batches.forEach(model::logits);
    return (System.nanoTime() - start) / 1e9;
  }

  /// Batches in the order of the file, so that lengths are mixed.
  private static double difference(
      OnnxModel model, List<Encoding> encodings, int padTokenId, int size) {
    double greatest = 0;
    int text = 0;
    for (PaddedBatch batch : batches(encodings, padTokenId, size)) {
      for (float[] together : model.logits(batch)) {
        float[] alone = model.logits(PaddedBatch.of(List.of(encodings.get(text)), padTokenId))[0];
        for (int i = 0; i < alone.length; i++) {
          greatest = Math.max(greatest, Math.abs(alone[i] - together[i]));
        }
        text++;
      }
    }
    return greatest;
  }

  private static List<PaddedBatch> batches(List<Encoding> encodings, int padTokenId, int size) {
    List<PaddedBatch> batches = new ArrayList<>();
    for (int from = 0; from < encodings.size(); from += size) {
      batches.add(
          PaddedBatch.of(
              encodings.subList(from, Math.min(from + size, encodings.size())), padTokenId));
    }
    return batches;
  }
}
