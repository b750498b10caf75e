package dev.nunchi.train;

import dev.nunchi.text.Encoding;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// Leaves tokens out of training texts (Iyyer et al., 2015, <https://aclanthology.org/P15-1162/>),
/// so that a network does not lean on single ones.
///
/// Which ones depends on the seed, the epoch and the text's index alone. The first and the last
/// token, which are special, stay, and so does at least one between them.
///
/// @param probability of each token to be left out, in [0, 1)
record WordDropout(double probability, long seed) {
  Encoding apply(Encoding encoding, int epoch, int index) {
    int length = encoding.length();
    if (probability == 0 || length <= 3) {
      return encoding;
    }
    SplittableRandom random =
        new SplittableRandom(seed * 0x9E3779B97F4A7C15L + epoch * 0xD1B54A32D192ED03L + index);
    int kept = 0;
    int[] positions = new int[length];
    positions[kept++] = 0;
    for (int i = 1; i < length - 1; i++) {
      // What parts a text from its context is the token that ends both.
      if (random.nextDouble() >= probability
          || (encoding.hasContext() && encoding.inputIds()[i] == encoding.inputIds()[length - 1])) {
        positions[kept++] = i;
      }
    }
    if (kept == 1) {
      positions[kept++] = 1 + random.nextInt(length - 2);
    }
    positions[kept++] = length - 1;
    int[] selected = Arrays.copyOf(positions, kept);
    return new Encoding(
        pick(encoding.inputIds(), selected),
        pick(encoding.tokenTypeIds(), selected),
        List.of(),
        encoding.tokenCount(),
        encoding.unknownCount(),
        encoding.truncated());
  }

  private static int[] pick(int[] values, int[] positions) {
    return Arrays.stream(positions).map(i -> values[i]).toArray();
  }
}
