package dev.nunchi.data;

import java.util.BitSet;
import java.util.SplittableRandom;

/// A share of places, drawn without putting back.
final class Draw {
  private Draw() {}

  /// Which of `count` places; at least one unless there are none.
  static BitSet share(int count, double share, SplittableRandom random) {
    int wanted = Math.min(count, Math.max(1, (int) Math.round(count * share)));
    BitSet drawn = new BitSet(count);
    // Each place is drawn with the chance that leaves exactly as many as are wanted.
    for (int place = 0; place < count && wanted > 0; place++) {
      if (random.nextInt(count - place) < wanted) {
        drawn.set(place);
        wanted--;
      }
    }
    return drawn;
  }
}
