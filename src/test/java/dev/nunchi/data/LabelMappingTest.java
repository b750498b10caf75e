package dev.nunchi.data;

import static dev.nunchi.data.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.LabelSet;
import dev.nunchi.Reason;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LabelMappingTest {
  @Test
  void labelOf_mappedValue_isTheName() {
    LabelMapping mapping = LabelMapping.parse(" 0 = 부정 , 1 = 긍정 ");
    assertEquals(Optional.of("부정"), mapping.labelOf("0"));
    assertEquals(Optional.of("긍정"), mapping.labelOf("1"));
    assertEquals(Optional.of("긍정"), mapping.labelOf("긍정"));
    assertTrue(mapping.knows("긍정"));
    assertFalse(mapping.knows("2"));
    assertFalse(mapping.knows("00"));
  }

  @Test
  void labelOf_range_holdsBothEndsAndEmptyNameDrops() {
    LabelMapping mapping = LabelMapping.parse("1-4=부정,5-8=,9-10=긍정");
    List<String> stars =
        Stream.iterate(1, star -> star + 1).limit(10).map(String::valueOf).toList();
    assertTrue(stars.stream().allMatch(mapping::knows));
    assertFalse(mapping.knows("0"));
    assertFalse(mapping.knows("11"));
    assertEquals(
        List.of("부정", "부정", "부정", "부정", "긍정", "긍정"),
        stars.stream().flatMap(star -> mapping.labelOf(star).stream()).toList());
  }

  @Test
  void parse_nameWithEqualsSign_keepsIt() {
    assertEquals(Optional.of("b=c"), LabelMapping.parse("a=b=c").labelOf("a"));
  }

  @Test
  void parse_blank_isIdentity() {
    assertEquals(Optional.of("무엇이든"), LabelMapping.parse(" ").labelOf("무엇이든"));
    assertTrue(LabelMapping.parse("").knows("무엇이든"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0=부정,1 | found '1'",
        "0=부정, | found ''",
        "=부정 | found '=부정'",
        "0=부정,0=긍정 | value '0' is mapped twice",
        "1-4=부정,3=긍정 | value '3' is mapped twice",
        "4-1=부정 | range '4-1' has to run upwards",
        "0-999999999=부정 | range '0-999999999' has to run upwards over at most 1000",
        "0=,1= | drops every row"
      })
  void parse_whatIsNotUnderstood_isRefused(String text, String message) {
    assertRefused(Reason.INVALID_ARGUMENT, message, () -> LabelMapping.parse(text));
  }

  @Test
  void restrictedTo_labels_knowsThemAlone() {
    LabelMapping mapping = LabelMapping.IDENTITY.restrictedTo(LabelSet.of("부정", "긍정"));
    assertTrue(mapping.knows("부정"));
    assertFalse(mapping.knows("중립"));
    LabelMapping mapped = LabelMapping.parse("0=부정,2=").restrictedTo(LabelSet.of("부정", "긍정"));
    assertTrue(mapped.knows("긍정"));
    assertTrue(mapped.knows("0"));
    assertEquals(Optional.empty(), mapped.labelOf("2"));
  }

  @Test
  void restrictedTo_nameOutsideTheLabels_isRefused() {
    LabelMapping mapping = LabelMapping.parse("0=부정,1=중립");
    assertRefused(
        Reason.INVALID_ARGUMENT,
        "label '중립' is not one of '부정', '긍정'",
        () -> mapping.restrictedTo(LabelSet.of("부정", "긍정")));
  }

  @Test
  void labelSet_ofMapping_hasItsOrder() {
    LabelMapping mapping = LabelMapping.parse("2=긍정,1=중립,3=긍정,0=부정,9=");
    assertEquals(LabelSet.of("긍정", "중립", "부정"), mapping.labelSet(examples("부정")));
  }

  @Test
  void labelSet_ofNumbers_isInNumericOrder() {
    assertEquals(
        LabelSet.of("-1", "0", "1.5", "2", "10"),
        LabelMapping.IDENTITY.labelSet(examples("10", "2", "0", "1.5", "2", "-1")));
  }

  @Test
  void labelSet_ofNames_isInOrderOfCharacters() {
    assertEquals(
        LabelSet.of("10", "2", "긍정", "부정", "중립"),
        LabelMapping.IDENTITY.labelSet(examples("중립", "부정", "10", "긍정", "2", "부정")));
  }

  private static List<Example> examples(String... labels) {
    return Stream.of(labels).map(label -> new Example("1", "글", label)).toList();
  }
}
