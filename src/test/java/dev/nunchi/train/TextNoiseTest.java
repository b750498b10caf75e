package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.data.Example;
import dev.nunchi.text.Encoding;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TextNoiseTest {
  private static final List<Example> TEXTS =
      Collections.nCopies(2000, new Example("1", "정말 재미있게 봤어요 ㅋㅋ 10점", "긍정"));

  @Test
  void epoch_manyTexts_takesTheShareAndEveryKind() {
    Set<String> seen = new HashSet<>();
    TextNoise noise =
        new TextNoise(
            0.3,
            5,
            TEXTS,
            example -> {
              seen.add(example.text());
              return encoding(example);
            });
    assertEquals(0.3, noise.epoch(0).size() / 2000.0, 0.03);
    assertTrue(seen.stream().anyMatch(text -> text.contains("ㅈㅓㅇㅁㅏㄹ")), "split");
    assertTrue(seen.stream().anyMatch(text -> text.contains("１０점")), "full width");
    assertTrue(seen.stream().anyMatch(text -> text.contains("ㅋㅋㅋㅋㅋ")), "stretched");
    assertTrue(seen.contains("정말재미있게봤어요ㅋㅋ10점"), "no spaces");
  }

  @Test
  void epoch_again_isTheSame_elseDiffers() {
    Map<Integer, Integer> first = lengths(noise(5).epoch(1));
    assertEquals(first, lengths(noise(5).epoch(1)));
    assertNotEquals(first, lengths(noise(5).epoch(2)));
    assertNotEquals(first, lengths(noise(6).epoch(1)));
  }

  @Test
  void epoch_none_isEmpty() {
    assertTrue(TextNoise.NONE.epoch(0).isEmpty());
    assertTrue(new TextNoise(0, 5, TEXTS, TextNoiseTest::encoding).epoch(3).isEmpty());
  }

  @Test
  void epoch_nothingLeftToEncode_keepsTheText() {
    TextNoise noise =
        new TextNoise(
            0.5,
            5,
            TEXTS,
            _ -> {
              throw new NunchiException(Reason.EMPTY_TEXT, "empty");
            });
    assertTrue(noise.epoch(0).isEmpty());
    TextNoise broken =
        new TextNoise(
            0.5,
            5,
            TEXTS,
            _ -> {
              throw new NunchiException(Reason.INVALID_MODEL, "broken");
            });
    assertThrows(NunchiException.class, () -> broken.epoch(0));
  }

  @Test
  void lengthBuckets_withNoise_cutByTheNoisedLengths() {
    LengthBuckets plain =
        new LengthBuckets(new int[] {4, 4, 4, 4}, LengthBuckets.Size.ofTokens(16), true);
    LengthBuckets noised = plain.with(Map.of(2, encoding(new Example("1", "열두글자로된한국어문장", "긍정"))));
    assertEquals(1, plain.sorted().size());
    assertEquals(2, noised.sorted().size());
    assertArrayEquals(new int[] {2}, noised.sorted().getLast());
    assertArrayEquals(new int[] {4, 4, 4, 4}, plain.lengths());
  }

  private static TextNoise noise(long seed) {
    return new TextNoise(0.3, seed, TEXTS, TextNoiseTest::encoding);
  }

  private static Map<Integer, Integer> lengths(Map<Integer, Encoding> encodings) {
    Map<Integer, Integer> lengths = new HashMap<>();
    encodings.forEach((index, encoding) -> lengths.put(index, encoding.length()));
    return lengths;
  }

  private static Encoding encoding(Example example) {
    int[] ids = example.text().chars().toArray();
    return new Encoding(ids, new int[ids.length], List.of(), ids.length, 0, false);
  }
}
