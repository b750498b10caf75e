package dev.nunchi.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Made-up reviews whose label a few words decide.
final class Reviews {
  private static final List<String> GOOD = List.of("정말 재미있어요", "최고의 영화", "감동이에요", "또 보고 싶어요");
  private static final List<String> BAD = List.of("너무 지루해요", "시간이 아까워요", "실망이에요", "다시는 안 봐요");
  private static final List<String> FILLER = List.of("배우", "음악", "이야기", "장면", "어제", "친구랑", "극장에서");

  private Reviews() {}

  /// Rows with header whose labels are `재미`, `음악`, both, or none, in turn.
  static String severalLabels(int count, long seed) {
    Random random = new Random(seed);
    StringBuilder rows = new StringBuilder("id\tdocument\tlabel\n");
    for (int i = 0; i < count; i++) {
      List<String> words = new ArrayList<>();
      for (int j = random.nextInt(5); j >= 0; j--) {
        words.add(FILLER.get(random.nextInt(FILLER.size())));
      }
      List<String> labels = new ArrayList<>();
      if (i % 4 == 1 || i % 4 == 3) {
        words.add(random.nextInt(words.size() + 1), GOOD.getFirst());
        labels.add("재미");
      }
      if (i % 4 >= 2) {
        words.add(random.nextInt(words.size() + 1), "노래가 좋아요");
        labels.add("음악");
      }
      rows.append(
          "m%d_%d\t%s\t%s\n".formatted(seed, i, String.join(" ", words), String.join("|", labels)));
    }
    return rows.toString();
  }

  /// Rows with header, labels 0 and 1 in turn.
  static String tsv(int count, long seed) {
    Random random = new Random(seed);
    StringBuilder rows = new StringBuilder("id\tdocument\tlabel\n");
    for (int i = 0; i < count; i++) {
      int label = i % 2;
      List<String> words = new ArrayList<>();
      for (int j = random.nextInt(5); j >= 0; j--) {
        words.add(FILLER.get(random.nextInt(FILLER.size())));
      }
      List<String> phrases = label == 1 ? GOOD : BAD;
      words.add(random.nextInt(words.size() + 1), phrases.get(random.nextInt(phrases.size())));
      rows.append("r%d_%d\t%s\t%d\n".formatted(seed, i, String.join(" ", words), label));
    }
    return rows.toString();
  }
}
