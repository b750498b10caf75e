package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.text.Span;
import dev.nunchi.text.Truncation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Evidence of the built-in model.
class EvidenceTest {
  /// Sentences whose emotional word stands in brackets.
  private static final List<String> SENTENCES =
      List.of(
          "어제 친구와 본 영화가 [최고였다]",
          "주말에 가족과 봤는데 [재미있게] 봤어요",
          "두 시간 내내 [지루해서] 시계만 봤습니다",
          "배우의 연기가 [훌륭하고] 음악도 있었다",
          "극장에서 봤는데 [최악이네요] 두 시간짜리",
          "이 감독의 영화는 늘 [감동적이다]",
          "표를 산 [돈이] 아깝다는 생각이 든다",
          "아이들과 함께 보기에 [좋은] 영화입니다",
          "이야기가 처음부터 끝까지 [엉망이다]",
          "오랜만에 극장에서 [행복한] 시간을 보냈다",
          "결말이 너무 [실망스러워서] 그냥 나왔다",
          "마지막 장면은 지금도 [아름답게] 남아 있다",
          "주인공의 말투가 [짜증나서] 중간에 껐다",
          "원작을 읽은 사람에게도 [추천합니다]",
          "대사가 [유치해서] 끝까지 볼 수가 없었다",
          "세 번을 다시 봐도 [재밌는] 영화",
          "예고편만 보고 갔는데 [쓰레기] 같은 영화였다",
          "잔잔하지만 [따뜻한] 이야기를 담은 작품",
          "이 배우가 나오는 작품은 [형편없다]",
          "우리 동네에서 찍은 [명작] 영화를 봤다");

  private static LoadedModel model;

  @BeforeAll
  static void load() {
    model =
        ModelLoader.load(
            Path.of("models/nsmc-small"),
            new LoadOptions(
                InferenceOptions.Device.CPU,
                new Workers(OptionalInt.of(1), 64),
                OptionalInt.empty()));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @Test
  void evidence_knownEmotionalWord_isAmongTheTwoStrongest() throws Exception {
    List<String> missed = new ArrayList<>();
    for (String marked : SENTENCES) {
      int start = marked.indexOf('[');
      Span word = new Span(start, marked.indexOf(']') - 1);
      String text = marked.replace("[", "").replace("]", "");
      List<Evidence> evidence = evidence(text);
      if (evidence.stream().limit(2).noneMatch(each -> each.span().equals(word))) {
        missed.add(marked + " " + evidence);
      }
    }
    assertTrue(
        missed.size() <= SENTENCES.size() / 5,
        "%d of %d missed: %s".formatted(missed.size(), SENTENCES.size(), missed));
  }

  @Test
  void evidence_anyText_isSortedByMagnitude() throws Exception {
    for (String marked : SENTENCES) {
      List<Evidence> evidence = evidence(marked);
      for (int i = 1; i < evidence.size(); i++) {
        assertTrue(Math.abs(evidence.get(i - 1).weight()) >= Math.abs(evidence.get(i).weight()));
        assertTrue(Math.abs(evidence.get(i).weight()) <= 1);
      }
      assertEquals(marked.split(" ").length, evidence.size());
    }
  }

  @Test
  void evidence_weight_isHowFarTheScoreFallsWithoutTheWord() throws Exception {
    // Words that WordPiece reads the same with and without their neighbours.
    Prediction whole = classify("정말 좋은 영화");
    Prediction without = classify("정말 영화");
    Evidence middle =
        evidence("정말 좋은 영화").stream()
            .filter(each -> each.span().equals(new Span(3, 5)))
            .findFirst()
            .orElseThrow();
    int label = whole.scores().best();
    assertEquals(whole.scores().get(label) - without.scores().get(label), middle.weight(), 1e-6);
  }

  private static List<Evidence> evidence(String text) throws Exception {
    return classify(text).evidence();
  }

  private static Prediction classify(String text) throws Exception {
    Classifier classifier = model.classifier();
    Question question = classifier.question(text, null, Truncation.REJECT, true);
    return classifier.classify(List.of(question), Terms.until(Deadline.NONE)).getFirst().get();
  }
}
