package dev.nunchi.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StrataTest {
  @Test
  void nameOf_oneLabel_isItHoweverRare() {
    Strata strata = Strata.of(rows(1, "중립"));
    assertEquals("중립", strata.nameOf(new Example("1", "글", "중립")));
  }

  @Test
  void nameOf_setOfTenRows_isTheSet() {
    List<Example> examples = new ArrayList<>(rows(10, "기쁨", "슬픔"));
    examples.addAll(rows(9, "기쁨", "분노"));
    Strata strata = Strata.of(examples);
    assertEquals("기쁨|슬픔", strata.nameOf(new Example("1", "글", List.of("슬픔", "기쁨"))));
    assertEquals("분노", strata.nameOf(new Example("1", "글", List.of("기쁨", "분노"))));
  }

  @Test
  void nameOf_equallyRareLabels_isTheFirst() {
    Strata strata = Strata.of(rows(2, "슬픔", "기쁨"));
    assertEquals("기쁨", strata.nameOf(new Example("1", "글", List.of("기쁨", "슬픔"))));
  }

  @Test
  void nameOf_noLabel_isEmpty() {
    assertEquals("", Strata.of(rows(1)).nameOf(new Example("1", "글", List.of())));
  }

  private static List<Example> rows(int count, String... labels) {
    return Collections.nCopies(count, new Example("1", "글", List.of(labels)));
  }
}
