package dev.nunchi.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ValidationSplitTest {
  @Test
  void of_someThousandTexts_dividesThemInHalvesWithEachOnOneSide() {
    ValidationSplit split = ValidationSplit.of(texts(3000));
    assertTrue(split.isDivided());
    assertEquals(1500, split.search().size());
    assertEquals(1500, split.gate().size());
    Set<Integer> all = new HashSet<>(split.search());
    all.addAll(split.gate());
    assertEquals(3000, all.size());
  }

  @Test
  void of_moreThanTheSearchLooksAt_leavesTheRestToTheGate() {
    ValidationSplit split = ValidationSplit.of(texts(10_000));
    assertEquals(2000, split.search().size());
    assertEquals(8000, split.gate().size());
  }

  @Test
  void of_textsInAnotherOrder_dividesThemTheSameWay() {
    List<String> texts = texts(2000);
    List<String> shuffled = new ArrayList<>(texts);
    Collections.shuffle(shuffled, new Random(1));
    assertEquals(
        at(texts, ValidationSplit.of(texts).search()),
        at(shuffled, ValidationSplit.of(shuffled).search()));
  }

  /// By label, in turn, or as it comes: neither half may have one label more than the other.
  @Test
  void of_labelsInAnOrder_haveTheirShareInBothHalves() {
    List<String> texts = texts(2000);
    List<Integer> search = ValidationSplit.of(texts).search();
    long first = search.stream().filter(place -> place < 1000).count();
    long even = search.stream().filter(place -> place % 2 == 0).count();
    assertEquals(500, first, 60);
    assertEquals(500, even, 60);
  }

  @Test
  void of_textThatComesTwice_isOnOneSide() {
    List<String> texts = new ArrayList<>(texts(2000));
    texts.addAll(texts(2000));
    ValidationSplit split = ValidationSplit.of(texts);
    assertEquals(2000, split.search().size());
    Set<String> both = at(texts, split.search());
    both.retainAll(at(texts, split.gate()));
    assertEquals(Set.of(), both);
  }

  @Test
  void of_tooFewDifferentTexts_areNotDivided() {
    assertTrue(ValidationSplit.of(texts(1530)).isDivided());
    assertFalse(ValidationSplit.of(texts(1529)).isDivided());
    List<String> repeated = new ArrayList<>(texts(1529));
    repeated.addAll(texts(1529));
    ValidationSplit split = ValidationSplit.of(repeated);
    assertFalse(split.isDivided());
    assertEquals(3058, split.search().size());
    assertEquals(split.search(), split.gate());
    assertFalse(ValidationSplit.of(List.of("하나")).isDivided());
  }

  private static Set<String> at(List<String> texts, List<Integer> places) {
    return places.stream().map(texts::get).collect(Collectors.toSet());
  }

  private static List<String> texts(int count) {
    return IntStream.range(0, count).mapToObj("본 영화 %d"::formatted).toList();
  }
}
