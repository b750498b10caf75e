package dev.nunchi.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

final class ExampleTest {
  @Test
  void labels_repeatedAndUnordered_areASet() {
    Example example = new Example("1", "울다가 웃다가", List.of("슬픔", "기쁨", "슬픔"));
    assertEquals(List.of("기쁨", "슬픔"), example.labels());
    assertEquals(new Example("1", "울다가 웃다가", List.of("기쁨", "슬픔")), example);
  }

  @Test
  void label_ofOne_isIt() {
    assertEquals("긍정", new Example("1", "좋다", "긍정").label());
    assertEquals(List.of("긍정"), new Example("1", "좋다", "긍정").labels());
  }

  @Test
  void label_ofNoneOrSeveral_isRefused() {
    assertThrows(IllegalStateException.class, new Example("1", "글", List.of())::label);
    assertThrows(IllegalStateException.class, new Example("1", "글", List.of("가", "나"))::label);
  }
}
