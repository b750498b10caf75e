package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.text.Encoding;
import dev.nunchi.text.Span;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OcclusionTest {
  private static final int CLS = 2;
  private static final int SEP = 3;

  @Test
  void of_words_leavesOutEachWithItsPunctuation() {
    String text = "이 영화는 😀 좋다!";
    // 이 | 영화 ##는 | 😀 | 좋다 !
    Encoding encoding =
        encoding(span(0, 1), span(2, 4), span(4, 5), span(6, 8), span(9, 11), span(11, 12));
    List<Occlusion> occlusions = Occlusion.of(text, encoding);
    assertEquals(List.of("이", "영화는", "😀", "좋다!"), parts(text, occlusions));
    assertEquals(
        List.of(
            List.of(CLS, 11, 12, 13, 14, 15, SEP),
            List.of(CLS, 10, 13, 14, 15, SEP),
            List.of(CLS, 10, 11, 12, 14, 15, SEP),
            List.of(CLS, 10, 11, 12, 13, SEP)),
        occlusions.stream().map(OcclusionTest::ids).toList());
  }

  @Test
  void of_singleWord_leavesOutEachToken() {
    String text = "  재밌어요!  ";
    Encoding encoding = encoding(span(2, 4), span(4, 6), span(6, 7));
    assertEquals(List.of("재밌", "어요", "!"), parts(text, Occlusion.of(text, encoding)));
  }

  @Test
  void of_singleToken_leavesTheSpecialOnes() {
    List<Occlusion> occlusions = Occlusion.of("좋다", encoding(span(0, 2)));
    assertEquals(List.of(List.of(CLS, SEP)), occlusions.stream().map(OcclusionTest::ids).toList());
    assertEquals(span(0, 2), occlusions.getFirst().span());
  }

  /// As of tokenizers that begin and end a text with nothing; a network cannot read no token.
  @Test
  void of_singleTokenWithoutSpecialOnes_hasNoPart() {
    Encoding encoding = new Encoding(new int[] {10}, new int[1], List.of(span(0, 2)), 1, 0, false);
    assertEquals(List.of(), Occlusion.of("좋다", encoding));
  }

  @Test
  void of_manyWords_takesNeighboursTogether() {
    for (int words = 1; words <= 120; words++) {
      StringBuilder text = new StringBuilder();
      List<Span> spans = new ArrayList<>();
      for (int i = 0; i < words; i++) {
        spans.add(span(text.length(), text.length() + 2));
        text.append("좋다 ");
      }
      List<Occlusion> occlusions =
          Occlusion.of(text.toString(), encoding(spans.toArray(Span[]::new)));
      assertEquals(Math.min(words, Occlusion.MAX_COUNT), occlusions.size());
      int end = 0;
      int left = 0;
      for (Occlusion occlusion : occlusions) {
        assertTrue(occlusion.span().start() >= end);
        end = occlusion.span().end();
        left += words + 2 - occlusion.rest().length();
      }
      assertEquals(spans.getLast().end(), end);
      assertEquals(words, left, "every token is left out once");
    }
  }

  @Test
  void of_truncatedText_hasOnlyWordsThatAreRead() {
    String text = "처음 가운데 끝";
    Encoding encoding = encoding(span(0, 2), span(7, 8));
    assertEquals(List.of("처음", "끝"), parts(text, Occlusion.of(text, encoding)));
  }

  @Test
  void of_context_isLeftAlone() {
    // [CLS] 좋다 영화 [SEP] 노래 책 [SEP]
    Encoding encoding =
        new Encoding(
            new int[] {CLS, 10, 11, SEP, 12, 13, SEP},
            new int[] {0, 0, 0, 0, 1, 1, 1},
            List.of(
                Span.NONE, span(0, 2), span(3, 5), Span.NONE, span(0, 2), span(3, 4), Span.NONE),
            7,
            0,
            false,
            4);
    List<Occlusion> occlusions = Occlusion.of("좋다 영화", encoding);
    assertEquals(
        List.of(List.of(CLS, 11, SEP, 12, 13, SEP), List.of(CLS, 10, SEP, 12, 13, SEP)),
        occlusions.stream().map(OcclusionTest::ids).toList());
    assertEquals(
        List.of(0, 0, 0, 1, 1, 1),
        Arrays.stream(occlusions.getFirst().rest().tokenTypeIds()).boxed().toList());
  }

  private static List<String> parts(String text, List<Occlusion> occlusions) {
    return occlusions.stream()
        .map(occlusion -> text.substring(occlusion.span().start(), occlusion.span().end()))
        .toList();
  }

  private static List<Integer> ids(Occlusion occlusion) {
    return Arrays.stream(occlusion.rest().inputIds()).boxed().toList();
  }

  private static Span span(int start, int end) {
    return new Span(start, end);
  }

  /// Tokens 10, 11 … at these places, between the special ones.
  private static Encoding encoding(Span... spans) {
    List<Span> all = new ArrayList<>(List.of(Span.NONE));
    all.addAll(List.of(spans));
    all.add(Span.NONE);
    int[] ids =
        IntStream.range(0, all.size())
            .map(i -> i == 0 ? CLS : i == all.size() - 1 ? SEP : 9 + i)
            .toArray();
    return new Encoding(ids, new int[ids.length], all, ids.length, 0, false);
  }
}
