package dev.nunchi.text;

import java.util.Arrays;

/// Which tokens stay when there are too many: all special ones, and of the others as many as fit.
final class Cut {
  private static final long TEXT = 0;
  private static final long CONTEXT = 1;

  private Cut() {}

  /// @param sequences for each token 0 in the text, 1 in its context, -1 for a special token
  /// @return indices of the tokens that stay, in order
  static int[] of(long[] sequences, int maxLength, Truncation truncation) {
    int text = count(sequences, TEXT);
    int context = count(sequences, CONTEXT);
    int room = maxLength - (sequences.length - text - context);
    int textRoom = Math.min(text, room);
    int contextRoom = Math.min(context, room - textRoom);
    int[] kept = new int[sequences.length];
    int length = 0;
    int textSeen = 0;
    int contextSeen = 0;
    for (int i = 0; i < sequences.length; i++) {
      boolean stays =
          sequences[i] == TEXT
              ? stays(textSeen++, text, textRoom, truncation)
              : sequences[i] != CONTEXT || stays(contextSeen++, context, contextRoom, truncation);
      if (stays) {
        kept[length++] = i;
      }
    }
    return Arrays.copyOf(kept, length);
  }

  private static boolean stays(int index, int count, int room, Truncation truncation) {
    int tail =
        switch (truncation) {
          case REJECT, KEEP_HEAD -> 0;
          case KEEP_HEAD_AND_TAIL -> room / 2;
        };
    return count <= room || index < room - tail || index >= count - tail;
  }

  private static int count(long[] sequences, long sequence) {
    return (int) Arrays.stream(sequences).filter(s -> s == sequence).count();
  }
}
