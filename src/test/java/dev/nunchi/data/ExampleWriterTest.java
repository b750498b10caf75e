package dev.nunchi.data;

import static dev.nunchi.data.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.NotBlank;
import net.jqwik.api.constraints.NotEmpty;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ExampleWriterTest {
  private static final List<Example> EXAMPLES =
      List.of(new Example("1", "\"참\" 좋다, 또 볼래 😀", "긍정"), new Example("2", "글쎄", "부정"));

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"a.tsv", "a.tsv.gz", "a.jsonl", "a.jsonl.gz"})
  void write_everyFormat_readsBack(String name) throws IOException {
    Path file = directory.resolve(name);
    ExampleWriter.write(file, EXAMPLES);
    assertEquals(EXAMPLES, new ExampleReader().read(file));
    assertOnlyFiles(name);
  }

  @Test
  void write_tabTable_isNsmcsForm() throws IOException {
    Path file = directory.resolve("a.tsv");
    ExampleWriter.write(file, EXAMPLES);
    assertEquals(
        "id\tdocument\tlabel\n1\t\"참\" 좋다, 또 볼래 😀\t긍정\n2\t글쎄\t부정\n", Files.readString(file));
  }

  @Test
  void write_jsonLines_isAnObjectALine() throws IOException {
    Path file = directory.resolve("a.jsonl");
    ExampleWriter.write(file, List.of(new Example("1", "가\n\"나\"", "긍정")));
    assertEquals(
        "{\"id\":\"1\",\"document\":\"가\\n\\\"나\\\"\",\"label\":\"긍정\"}\n", Files.readString(file));
  }

  @Test
  void write_tabTable_tabsAndLineEndsInTheTextBecomeSpaces() {
    Path file = directory.resolve("a.tsv");
    ExampleWriter.write(file, List.of(new Example("1", "가\t나\r\n다\n라\r마", "0")));
    assertEquals("가 나 다 라 마", new ExampleReader().read(file).getFirst().text());
  }

  @Property(tries = 200)
  void write_jsonLines_keepsEveryCharacter(@ForAll @NotEmpty List<@NotBlank String> texts)
      throws IOException {
    List<Example> examples =
        IntStream.range(0, texts.size())
            .mapToObj(i -> new Example("r" + i, wellFormed(texts.get(i)), "0"))
            .toList();
    Path file = Files.createTempFile("examples", ".jsonl");
    try {
      ExampleWriter.write(file, examples);
      assertEquals(examples, new ExampleReader().read(file));
    } finally {
      Files.delete(file);
    }
  }

  @Test
  void write_tabInIdOrLabel_isRefusedAndTheOldFileStays() throws IOException {
    Path file = directory.resolve("a.tsv");
    ExampleWriter.write(file, EXAMPLES);
    for (Example bad : List.of(new Example("1\t", "글", "0"), new Example("1", "글", "0\n"))) {
      assertRefused(
          Reason.INVALID_DATA,
          "a.tsv: an id or a label holds a tab or a line end",
          () -> ExampleWriter.write(file, List.of(EXAMPLES.getFirst(), bad)));
    }
    assertEquals(EXAMPLES, new ExampleReader().read(file));
    assertOnlyFiles("a.tsv");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.csv", "a.txt.gz"})
  void write_formatThatIsOnlyRead_isRefused(String name) {
    assertRefused(
        Reason.INVALID_ARGUMENT,
        name + ": examples are written as .tsv or .jsonl",
        () -> ExampleWriter.write(directory.resolve(name), EXAMPLES));
  }

  @Test
  void write_directoryThatIsNotThere_isRefused() {
    assertRefused(
        Reason.IO_FAILURE,
        "a.tsv: cannot be written",
        () -> ExampleWriter.write(directory.resolve("absent").resolve("a.tsv"), EXAMPLES));
  }

  private void assertOnlyFiles(String... names) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(
          List.of(names), files.map(file -> String.valueOf(file.getFileName())).sorted().toList());
    }
  }

  /// Half surrogate pairs have no UTF-8.
  private static String wellFormed(String text) {
    return "글" + text.replaceAll("\\p{Cs}", "?");
  }
}
