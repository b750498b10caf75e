package dev.nunchi.data;

import static dev.nunchi.data.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.Reason;
import dev.nunchi.data.SplitSize.Count;
import dev.nunchi.data.SplitSize.Share;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

final class SplitTest {
  @Test
  void stratified_shares_areKeptInEachLabel() {
    Split split = Split.stratified(examples(600, 300, 100), new Share(0.1), new Share(0.2), 1);
    assertEquals(Map.of("a", 60L, "b", 30L, "c", 10L), counts(split.validation()));
    assertEquals(Map.of("a", 120L, "b", 60L, "c", 20L), counts(split.test()));
    assertEquals(Map.of("a", 420L, "b", 210L, "c", 70L), counts(split.train()));
  }

  @Test
  void stratified_counts_areDealtByLargestRemainder() {
    Split split = Split.stratified(examples(5, 3, 3), SplitSize.NONE, new Count(4), 1);
    // 4 of 11: 1.82, 1.09, 1.09
    assertEquals(Map.of("a", 2L, "b", 1L, "c", 1L), counts(split.test()));
    assertEquals(List.of(), split.validation());
  }

  @Test
  void stratified_equalRemainders_goToTheFirstLabel() {
    Split split = Split.stratified(examples(5, 5, 5), SplitSize.NONE, new Count(4), 1);
    assertEquals(Map.of("a", 2L, "b", 1L, "c", 1L), counts(split.test()));
  }

  @Test
  void stratified_share_isRoundedHalfUpwards() {
    // 0.25 of 10 rows is 2.5
    assertEquals(
        3, Split.stratified(examples(10), new Share(0.25), SplitSize.NONE, 1).validation().size());
    assertEquals(
        2, Split.stratified(examples(10), new Share(0.24), SplitSize.NONE, 1).validation().size());
  }

  @Test
  void stratified_rareLabel_staysInTrain() {
    Split split = Split.stratified(examples(20, 1), new Count(10), new Count(9), 1);
    assertEquals(1, counts(split.train()).get("b"));
    assertEquals(10, split.validation().size());
    assertEquals(9, split.test().size());
  }

  @Test
  void stratified_sameSeed_givesTheSameRowsInAnyOrder() {
    List<Example> examples = examples(50, 30, 20);
    List<Example> shuffled = new ArrayList<>(examples);
    Collections.shuffle(shuffled, new Random(3));
    Split split = Split.stratified(examples, new Share(0.2), new Share(0.2), 7);
    Split again = Split.stratified(shuffled, new Share(0.2), new Share(0.2), 7);
    assertEquals(Set.copyOf(split.train()), Set.copyOf(again.train()));
    assertEquals(Set.copyOf(split.validation()), Set.copyOf(again.validation()));
    assertEquals(Set.copyOf(split.test()), Set.copyOf(again.test()));
  }

  @Test
  void stratified_fixedSeed_isPinned() {
    // From the definition, computed apart from this code; a change here changes users' splits.
    Split split = Split.stratified(examples(6, 4), new Count(2), new Count(2), 42);
    assertEquals(List.of("a4", "b2"), ids(split.test()));
    assertEquals(List.of("a2", "b0"), ids(split.validation()));
  }

  @Test
  void stratified_otherSeed_givesOtherRows() {
    List<Example> examples = examples(100);
    assertNotEquals(
        Split.stratified(examples, new Count(20), SplitSize.NONE, 1).validation(),
        Split.stratified(examples, new Count(20), SplitSize.NONE, 2).validation());
  }

  @Test
  void stratified_parts_keepTheOrderOfTheInput() {
    List<Example> examples = examples(40, 40);
    Split split = Split.stratified(examples, new Share(0.25), new Share(0.25), 5);
    for (List<Example> part : List.of(split.train(), split.validation(), split.test())) {
      assertEquals(examples.stream().filter(part::contains).toList(), part);
    }
  }

  @Test
  void stratified_repeatedTextWithTwoLabels_goesToOneSide() {
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      examples.add(new Example("r" + i, "글 " + i % 20, i % 3 == 0 ? "a" : "b"));
    }
    Split split = Split.stratified(examples, new Share(0.2), new Share(0.2), 9);
    assertDisjointTexts(split);
    assertTrue(!split.validation().isEmpty() && !split.test().isEmpty());
  }

  @Test
  void stratified_groupLargerThanTheSplit_staysInTrain() {
    List<Example> examples = new ArrayList<>(examples(20));
    for (int i = 0; i < 10; i++) {
      examples.add(new Example("same" + i, "같은 글", "a"));
    }
    for (long seed = 0; seed < 20; seed++) {
      Split split = Split.stratified(examples, new Count(5), new Count(4), seed);
      assertEquals(5, split.validation().size());
      assertEquals(4, split.test().size());
      assertEquals(10, split.train().stream().filter(e -> e.text().equals("같은 글")).count());
    }
  }

  @Property(tries = 300)
  void stratified_anyRows_areAllThereOnceAndNoTextIsShared(
      @ForAll @Size(min = 3, max = 60) List<@IntRange(min = 0, max = 40) Integer> texts,
      @ForAll @DoubleRange(min = 0, max = 0.4) double validation,
      @ForAll @DoubleRange(min = 0, max = 0.4) double test,
      @ForAll long seed) {
    List<Example> examples = new ArrayList<>();
    for (int text : texts) {
      examples.add(new Example("r" + examples.size(), "글 " + text, "label" + text % 3));
    }
    long heldOut = Math.round(validation * texts.size()) + Math.round(test * texts.size());
    Assume.that(heldOut < texts.size());
    Split split = Split.stratified(examples, new Share(validation), new Share(test), seed);
    List<Example> all =
        Stream.of(split.train(), split.validation(), split.test()).flatMap(List::stream).toList();
    assertEquals(examples.size(), all.size());
    assertEquals(Set.copyOf(examples), Set.copyOf(all));
    assertDisjointTexts(split);
    assertTrue(split.validation().size() <= Math.round(validation * examples.size()));
    assertTrue(split.test().size() <= Math.round(test * examples.size()));
    assertEquals(counts(examples).keySet(), counts(split.train()).keySet());
  }

  @Test
  void stratified_severalLabels_keepsTheSharesOfEverySet() {
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      List<String> labels =
          i < 40
              ? List.of("기쁨")
              : i < 70 ? List.of("기쁨", "슬픔") : i < 90 ? List.of("슬픔") : List.of();
      examples.add(new Example("r" + i, "글 " + i, labels));
    }
    Split split = Split.stratified(examples, new Share(0.1), new Share(0.2), 1);
    assertEquals(
        Map.of(List.of("기쁨"), 8L, List.of("기쁨", "슬픔"), 6L, List.of("슬픔"), 4L, List.of(), 2L),
        setCounts(split.test()));
    assertEquals(
        Map.of(List.of("기쁨"), 4L, List.of("기쁨", "슬픔"), 3L, List.of("슬픔"), 2L, List.of(), 1L),
        setCounts(split.validation()));
  }

  @Test
  void stratified_setsOfFewRows_shareTheQuotaOfTheirRarestLabel() {
    List<String> common = List.of("기쁨", "슬픔", "분노", "불안", "평온");
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      examples.add(new Example("r" + i, "글 " + i, common.get(i % 5)));
    }
    for (int i = 0; i < 32; i++) {
      List<String> labels = new ArrayList<>(List.of("놀람"));
      for (int bit = 0; bit < 5; bit++) {
        if ((i >> bit & 1) == 1) {
          labels.add(common.get(bit));
        }
      }
      examples.add(new Example("s" + i, "놀란 글 " + i, labels));
    }
    Split split = Split.stratified(examples, SplitSize.NONE, new Share(0.25), 1);
    assertEquals(8, split.test().stream().filter(e -> e.labels().contains("놀람")).count());
    assertEquals(133, split.test().size());
  }

  @Test
  void stratified_nothingLeftForTrain_isRefused() {
    assertRefused(
        Reason.INVALID_ARGUMENT,
        "Of 10 rows, 5 for validation and 5 for test leave none to train on",
        () -> Split.stratified(examples(10), new Count(5), new Share(0.5), 1));
    assertRefused(
        Reason.INVALID_ARGUMENT,
        "Of 0 rows",
        () -> Split.stratified(List.of(), SplitSize.NONE, SplitSize.NONE, 1));
  }

  @Test
  void parse_shareOrCount_isRead() {
    assertEquals(new Share(0.1), SplitSize.parse("0.1"));
    assertEquals(new Share(0.25), SplitSize.parse(".25"));
    assertEquals(new Count(5000), SplitSize.parse("5000"));
    assertEquals(SplitSize.NONE, SplitSize.parse("0"));
  }

  @Test
  void parse_anythingElse_isRefused() {
    for (String text : List.of("", "1.0", "-1", "10%", "NaN", "1e3", "0.1.2")) {
      assertRefused(
          Reason.INVALID_ARGUMENT,
          "A split's size is a share under 1 as 0.1 or a count as 5000, found '" + text + "'",
          () -> SplitSize.parse(text));
    }
    assertRefused(Reason.INVALID_ARGUMENT, "found '1.0'", () -> new Share(1));
    assertRefused(Reason.INVALID_ARGUMENT, "found 'NaN'", () -> new Share(Double.NaN));
    assertRefused(Reason.INVALID_ARGUMENT, "found '-1'", () -> new Count(-1));
  }

  /// Rows with distinct texts, so many of label a, b, c.
  private static List<Example> examples(int... counts) {
    List<Example> examples = new ArrayList<>();
    for (int label = 0; label < counts.length; label++) {
      for (int i = 0; i < counts[label]; i++) {
        String name = String.valueOf((char) ('a' + label));
        examples.add(new Example(name + i, "글 " + name + i, name));
      }
    }
    return examples;
  }

  private static Map<String, Long> counts(List<Example> examples) {
    return examples.stream()
        .map(Example::label)
        .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
  }

  private static Map<List<String>, Long> setCounts(List<Example> examples) {
    return examples.stream().collect(Collectors.groupingBy(Example::labels, Collectors.counting()));
  }

  private static List<String> ids(List<Example> examples) {
    return examples.stream().map(Example::id).toList();
  }

  private static void assertDisjointTexts(Split split) {
    Set<String> seen = new HashSet<>();
    for (List<Example> part : List.of(split.train(), split.validation(), split.test())) {
      Set<String> texts = part.stream().map(Example::text).collect(Collectors.toSet());
      assertTrue(Collections.disjoint(seen, texts));
      seen.addAll(texts);
    }
  }
}
