package dev.nunchi.data;

import dev.nunchi.text.WhiteSpace;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Puts one to three emoji after words, with a space before each but the last, which stands at the
/// word as users have it.
///
/// None of them has a mood, which would be another text; some are of several code points.
record EmojiInserted() implements NoiseKind {
  private static final List<String> EMOJI =
      List.of("🎬", "🍿", "🎥", "👀", "🎵", "☕", "🐶", "📽️", "🇰🇷", "👋🏽", "👩‍💻", "✌🏻");
  private static final int MOST = 3;

  @Override
  public String change(String text, SplittableRandom random) {
    StringBuilder changed = new StringBuilder(text);
    for (int left = 1 + random.nextInt(MOST); left > 0; left--) {
      List<Integer> ends = wordEnds(changed);
      if (ends.isEmpty()) {
        return text;
      }
      int end = ends.get(random.nextInt(ends.size()));
      String emoji = EMOJI.get(random.nextInt(EMOJI.size()));
      changed.insert(end, left > 1 ? " " + emoji : emoji);
    }
    return changed.toString();
  }

  private static List<Integer> wordEnds(CharSequence text) {
    List<Integer> ends = new ArrayList<>();
    for (int i = 1; i <= text.length(); i++) {
      boolean endsHere = i == text.length() || WhiteSpace.isWhiteSpace(text.charAt(i));
      if (endsHere && !WhiteSpace.isWhiteSpace(text.charAt(i - 1))) {
        ends.add(i);
      }
    }
    return ends;
  }
}
