package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

final class NormalizedTextTest {
  private static final NormalizedText UNCHANGED = NormalizedText.of("정말 좋다");

  @Test
  void of_everyUnit_standsForItself() {
    for (int i = 0; i < UNCHANGED.text().length(); i++) {
      assertEquals(i, UNCHANGED.start(i));
      assertEquals(i + 1, UNCHANGED.end(i));
    }
    assertEquals(new Span(1, 4), UNCHANGED.withText("정말!좋다").original(1, 4));
    assertEquals(Span.NONE, UNCHANGED.original(2, 2));
  }

  @Test
  void of_unitOutsideTheText_isRefused() {
    assertThrows(IndexOutOfBoundsException.class, () -> UNCHANGED.start(-1));
    assertThrows(IndexOutOfBoundsException.class, () -> UNCHANGED.start(5));
    assertThrows(IndexOutOfBoundsException.class, () -> UNCHANGED.end(5));
    assertThrows(IndexOutOfBoundsException.class, () -> UNCHANGED.original(3, 6));
  }

  @Test
  void builder_ofUnchangedText_keepsReplacesAndExtendsPlaces() {
    NormalizedText.Builder to = new NormalizedText.Builder(UNCHANGED);
    to.keep(0, 2);
    to.extend(1, 3);
    to.replace("abcd", 3, 5);
    NormalizedText built = to.build();
    assertEquals("정말abcd", built.text());
    assertEquals(new Span(1, 3), built.original(1, 2));
    assertEquals(new Span(3, 5), built.original(2, 6));
    assertEquals(new Span(0, 5), built.original(0, 6));
  }
}
