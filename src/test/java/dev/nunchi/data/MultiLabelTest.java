package dev.nunchi.data;

import static dev.nunchi.data.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Texts with several labels, read, mapped and written.
final class MultiLabelTest {
  private static final List<Example> COMMENTS =
      List.of(
          new Example("c1", "웃다가 울었어요", List.of("기쁨", "슬픔")),
          new Example("c2", "오늘 일정 공유합니다", List.of()),
          new Example("c3", "너무 신나", List.of("기쁨")));

  @TempDir Path directory;

  @Test
  void read_tables_partsLabelsAtTheBar() {
    String table = "id\tdocument\tlabel\nc1\t웃다가 울었어요\t슬픔 | 기쁨\nc2\t오늘 일정 공유합니다\t\nc3\t너무 신나\t기쁨\n";
    assertEquals(COMMENTS, read("a.tsv", table));
    assertEquals(COMMENTS, read("a.csv", table.replace('\t', ',')));
  }

  @Test
  void read_jsonLines_takesArraysAndSingleValues() {
    assertEquals(
        COMMENTS,
        read(
            "a.jsonl",
            """
            {"id": "c1", "text": "웃다가 울었어요", "labels": ["슬픔", "기쁨"]}
            {"id": "c2", "text": "오늘 일정 공유합니다", "labels": []}
            {"id": "c3", "text": "너무 신나", "labels": "기쁨"}
            """));
    assertEquals(
        List.of(new Example("1", "글", List.of("1", "true"))),
        read("b.jsonl", "{\"text\": \"글\", \"label\": [1, true]}\n"));
  }

  @Test
  void read_labelsColumn_isFoundInTablesToo() {
    assertEquals(
        List.of(new Example("2", "글", List.of("가", "나"))), read("a.tsv", "text\tlabels\n글\t가|나\n"));
    assertRefused(
        Reason.INVALID_DATA,
        "b.tsv, line 1: no label column: expected 'label' or 'labels', found 'text', 'tags'",
        () -> read("b.tsv", "text\ttags\n글\t가|나\n"));
  }

  @Test
  void read_emptyLabelBetweenBars_isRefused() {
    assertRefused(
        Reason.INVALID_DATA,
        "a.tsv, line 3: a label in column 'label' is empty",
        () -> read("a.tsv", "text\tlabel\n글\t가\n글\t가||나\n"));
    assertRefused(
        Reason.INVALID_DATA,
        "b.tsv, line 2: a label in column 'label' is empty",
        () -> read("b.tsv", "text\tlabel\n글\t가|\n"));
    assertRefused(
        Reason.INVALID_DATA,
        "c.jsonl, line 1: the label in column 'label' is empty",
        () -> read("c.jsonl", "{\"text\": \"글\", \"label\": [\"\"]}\n"));
  }

  @Test
  void read_arrayOfSomethingElse_isRefused() {
    assertRefused(
        Reason.INVALID_DATA,
        "a.jsonl, line 1: expected a string or a number in field 'label', found null",
        () -> read("a.jsonl", "{\"text\": \"글\", \"label\": [null]}\n"));
    assertRefused(
        Reason.INVALID_DATA,
        "b.jsonl, line 1: expected a string or a number in field 'label', found an array",
        () -> read("b.jsonl", "{\"text\": \"글\", \"label\": [[\"가\"]]}\n"));
  }

  @Test
  void read_withoutTheOption_barsAreOrdinaryAndArraysRefused() {
    ExampleReader single = new ExampleReader();
    assertEquals(
        List.of(new Example("2", "글", "가|나")), single.read(file("a.tsv", "text\tlabel\n글\t가|나\n")));
    Path array = file("b.jsonl", "{\"text\": \"글\", \"label\": [\"가\"]}\n");
    assertRefused(
        Reason.INVALID_DATA, "in field 'label', found an array", () -> single.read(array));
    Path labels = file("c.tsv", "text\tlabels\n글\t가\n");
    assertRefused(
        Reason.INVALID_DATA, "no label column: expected 'label', found", () -> single.read(labels));
  }

  @Test
  void read_mapping_namesEachDropsLabelsAndKeepsTheRow() {
    LabelMapping mapping = LabelMapping.parse("화남=분노,증오=분노,없음=");
    List<Example> examples =
        reader(mapping).read(file("a.tsv", "text\tlabel\n글\t증오|화남\n글\t없음\n글\t없음|분노\n"));
    assertEquals(
        List.of(
            new Example("2", "글", "분노"),
            new Example("3", "글", List.of()),
            new Example("4", "글", "분노")),
        examples);
    assertRefused(
        Reason.INVALID_DATA,
        "b.tsv, line 2: label '기쁨' is unknown; expected one of '화남', '증오', '없음', '분노'",
        () -> reader(mapping).read(file("b.tsv", "text\tlabel\n글\t화남|기쁨\n")));
  }

  @Test
  void labelSet_ofSeveral_hasEachOnce() {
    assertEquals(LabelSet.of("기쁨", "슬픔"), LabelMapping.IDENTITY.labelSet(COMMENTS));
    assertRefused(
        Reason.INVALID_DATA,
        "None of the examples has a label",
        () -> LabelMapping.IDENTITY.labelSet(COMMENTS.subList(1, 2)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.tsv", "a.jsonl"})
  void write_severalLabels_readBack(String name) {
    Path file = directory.resolve(name);
    ExampleWriter.write(file, COMMENTS);
    assertEquals(COMMENTS, reader(LabelMapping.IDENTITY).read(file));
  }

  @Test
  void write_severalLabels_areBarsInTablesAndArraysInJson() throws IOException {
    Path table = directory.resolve("a.tsv");
    ExampleWriter.write(table, COMMENTS);
    assertEquals("c1\t웃다가 울었어요\t기쁨|슬픔", Files.readAllLines(table).get(1));
    Path json = directory.resolve("a.jsonl");
    ExampleWriter.write(json, COMMENTS);
    assertEquals(
        "{\"id\":\"c3\",\"document\":\"너무 신나\",\"label\":[\"기쁨\"]}",
        Files.readAllLines(json).get(2));
  }

  @Test
  void write_barInALabel_isRefusedAmongSeveralOnly() {
    Path file = directory.resolve("a.tsv");
    Example bar = new Example("1", "글", "가|나");
    ExampleWriter.write(file, List.of(bar));
    assertEquals(List.of(bar), new ExampleReader().read(file));
    assertRefused(
        Reason.INVALID_DATA,
        "a.tsv: a label holds |, which parts the labels",
        () -> ExampleWriter.write(file, List.of(bar, COMMENTS.getFirst())));
  }

  private List<Example> read(String name, String text) {
    return reader(LabelMapping.IDENTITY).read(file(name, text));
  }

  private static ExampleReader reader(LabelMapping mapping) {
    return new ExampleReader(Columns.DEFAULT, mapping, ProblemType.MULTI_LABEL_CLASSIFICATION);
  }

  private Path file(String name, String text) {
    try {
      return Files.writeString(directory.resolve(name), text);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
