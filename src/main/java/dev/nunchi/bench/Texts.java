package dev.nunchi.bench;

import java.util.List;
import java.util.stream.IntStream;

/// The texts of a load, in a circle.
record Texts(List<String> all) {
  Texts {
    if (all.isEmpty()) {
      throw new IllegalArgumentException("A load has at least one text");
    }
  }

  String get(long number) {
    return all.get((int) Math.floorMod(number, (long) all.size()));
  }

  /// Those of a call.
  List<String> of(long call, int textsInCall) {
    return IntStream.range(0, textsInCall).mapToObj(i -> get(call * textsInCall + i)).toList();
  }
}
