package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ReadAheadTest {
  @Test
  void next_manyTexts_givesAllInOrderAndNeverMoreThanTheMost() {
    List<InputText> texts = IntStream.rangeClosed(1, 1000).mapToObj(ReadAheadTest::text).toList();
    List<InputText> given = new ArrayList<>();
    try (ReadAhead input = new ReadAhead(texts.iterator(), 7)) {
      for (List<InputText> block = input.next(); !block.isEmpty(); block = input.next()) {
        assertTrue(block.size() <= 7);
        given.addAll(block);
      }
      assertEquals(List.of(), input.next());
    }
    assertEquals(texts, given);
  }

  @Test
  void next_textsThatComeSlowly_givesEachAsItComes() throws Exception {
    BlockingQueue<InputText> source = new LinkedBlockingQueue<>();
    Iterator<InputText> endless =
        Stream.generate(
                () -> {
                  try {
                    return source.take();
                  } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                  }
                })
            .iterator();
    try (ReadAhead input = new ReadAhead(endless, 100)) {
      for (int i = 1; i <= 3; i++) {
        source.put(text(i));
        assertEquals(List.of(text(i)), input.next());
      }
    }
  }

  @Test
  void next_readingFails_givesTheTextsBeforeAndThenThrows() {
    Iterator<InputText> texts =
        Stream.of(1, 2, 3)
            .map(i -> {
              if (i == 3) {
                throw new IllegalStateException("broken");
              }
              return text(i);
            })
            .iterator();
    List<InputText> given = new ArrayList<>();
    try (ReadAhead input = new ReadAhead(texts, 100)) {
      while (given.size() < 2) {
        given.addAll(input.next());
      }
      assertThrows(IllegalStateException.class, input::next);
    }
    assertEquals(List.of(text(1), text(2)), given);
  }

  private static InputText text(int number) {
    return new InputText.Readable(number, "line " + number, "text " + number);
  }
}
