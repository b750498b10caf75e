package dev.nunchi.text;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/// Which ids of a tokenizer are kept where its vocabulary is cut, and what they become: the new ids
/// run from 0.
public final class KeptIds {
  private static final int DROPPED = -1;

  private final int[] oldIds;
  private final int[] newIds;

  private KeptIds(int[] oldIds, int highest) {
    this.oldIds = oldIds;
    this.newIds = new int[highest + 1];
    Arrays.fill(newIds, DROPPED);
    for (int id = 0; id < oldIds.length; id++) {
      newIds[oldIds[id]] = id;
    }
  }

  /// Those of some groups, one group after the other, each in the order of its ids.
  static KeptIds inOrder(List<BitSet> groups) {
    int[] oldIds = groups.stream().flatMapToInt(BitSet::stream).toArray();
    return new KeptIds(oldIds, IntStream.of(oldIds).max().orElse(DROPPED));
  }

  public int size() {
    return oldIds.length;
  }

  /// What an id was before.
  ///
  /// @param newId in `[0, size)`
  public int oldId(int newId) {
    return oldIds[newId];
  }

  public boolean has(int oldId) {
    return oldId >= 0 && oldId < newIds.length && newIds[oldId] != DROPPED;
  }

  /// What an id has become.
  ///
  /// @throws IllegalArgumentException where it is not kept
  public int newId(int oldId) {
    if (!has(oldId)) {
      throw new IllegalArgumentException("id %d is not kept".formatted(oldId));
    }
    return newIds[oldId];
  }
}
