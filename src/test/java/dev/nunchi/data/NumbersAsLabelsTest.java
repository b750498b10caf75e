package dev.nunchi.data;

import static dev.nunchi.data.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The label column of a regression.
final class NumbersAsLabelsTest {
  @TempDir private Path directory;

  @Test
  void read_numbersInTables_areValues() throws IOException {
    List<Example> read = read("-1", "0.50", " +.25 ", "1e-3", "2.", "1.0");
    assertEquals(
        List.of(-1.0, 0.5, 0.25, 0.001, 2.0, 1.0), read.stream().map(Example::value).toList());
  }

  @Test
  void read_numbersInJson_areValues() throws IOException {
    Path file = directory.resolve("train.jsonl");
    Files.writeString(file, "{\"text\":\"가\",\"label\":-0.75}\n{\"text\":\"나\",\"label\":\"3\"}\n");
    assertEquals(
        List.of(-0.75, 3.0),
        reader(LabelMapping.IDENTITY).read(file).stream().map(Example::value).toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"긍정", "nan", "Infinity", "1,5", "0x1p3", "1d", "1e999", "[1, 2]", "--1"})
  void read_whatIsNoNumber_isRefusedByItsLine(String label) {
    assertRefused(Reason.INVALID_DATA, "line 3", () -> read("0", label));
  }

  @Test
  void read_mappedNames_areValues() throws IOException {
    Path file = file("1", "5", "3");
    assertEquals(
        List.of(-1.0, 1.0),
        reader(LabelMapping.parse("1-2=-1,4-5=1,3=")).read(file).stream()
            .map(Example::value)
            .toList());
  }

  @Test
  void ranges_fewDifferentValues_areOneEach() {
    ValueRanges ranges = ValueRanges.of(examples(1, 2, 2, 3, 3.5));
    assertEquals(List.of("1", "2", "3", "3.5"), ranges.names());
    assertEquals("3", ranges.inRange(examples(3).getFirst()).label());
    assertEquals("1", ranges.inRange(examples(-7).getFirst()).label());
    assertEquals("3.5", ranges.inRange(examples(9).getFirst()).label());
  }

  @Test
  void ranges_valuesThatLookAlike_areOneRange() {
    assertEquals(
        List.of("0 to <0.9", "0.9 to 1"),
        ValueRanges.of(examples(1e-5, 2e-5, 3e-5, 4e-5, 0.9, 1)).names());
    assertEquals(List.of("0.1", "2"), ValueRanges.of(examples(0.10001, 0.10002, 2)).names());
  }

  @Test
  void ranges_manyValues_haveAboutAsManyTextsEach() {
    List<Example> examples =
        examples(IntStream.range(0, 100).mapToDouble(i -> i / 100.0).toArray());
    ValueRanges ranges = ValueRanges.of(examples);
    assertEquals("0 to <0.2", ranges.names().getFirst());
    assertEquals("0.8 to 0.99", ranges.names().getLast());
    for (String name : ranges.names()) {
      assertEquals(
          20, examples.stream().filter(one -> ranges.inRange(one).label().equals(name)).count());
    }
  }

  @Test
  void byValue_differentValues_keepsTheirRangesInBothParts() {
    List<Example> examples =
        examples(IntStream.range(0, 100).mapToDouble(i -> i / 100.0).toArray());
    Split split = Split.byValue(examples, new SplitSize.Share(0.2), SplitSize.NONE, 42);
    assertEquals(20, split.validation().size());
    ValueRanges ranges = ValueRanges.of(examples);
    for (String name : ranges.names()) {
      assertEquals(
          4,
          split.validation().stream()
              .filter(one -> ranges.inRange(one).label().equals(name))
              .count());
    }
    assertTrue(split.validation().stream().allMatch(examples::contains));
  }

  private static List<Example> examples(double... values) {
    return IntStream.range(0, values.length)
        .mapToObj(i -> new Example("" + i, "글 " + i, Double.toString(values[i])))
        .toList();
  }

  private List<Example> read(String... labels) throws IOException {
    return reader(LabelMapping.IDENTITY).read(file(labels));
  }

  private static ExampleReader reader(LabelMapping mapping) {
    return new ExampleReader(Columns.DEFAULT, mapping, ProblemType.REGRESSION);
  }

  private Path file(String... labels) throws IOException {
    StringBuilder rows = new StringBuilder("id\tdocument\tlabel\n");
    for (int i = 0; i < labels.length; i++) {
      rows.append("%d\t글 %d\t%s\n".formatted(i, i, labels[i]));
    }
    return Files.writeString(directory.resolve("train.tsv"), rows);
  }
}
