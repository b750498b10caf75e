package dev.nunchi.data;

import static dev.nunchi.data.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Files as spreadsheets, pandas and people leave them.
final class UntidyFilesTest {
  @TempDir Path directory;
  private final ReadingNotes notes = new ReadingNotes();

  @Test
  void read_labelsThatLookAlike_areOneAndNoted() {
    Path file =
        file(
            "a.tsv",
            "text\tlabel\n가\t긍정\n나\t긍정 \n다\t\u00A0긍정\n라\t긍정 \n마\t"
                + java.text.Normalizer.normalize("긍정", java.text.Normalizer.Form.NFD)
                + "\n바\t부정\u200B\n");
    List<Example> examples = dropping(LabelMapping.IDENTITY).read(file, notes);
    assertEquals(LabelSet.of("긍정", "부정"), LabelMapping.IDENTITY.labelSet(examples));
    String sentence = notes.sentences().getFirst();
    assertTrue(
        sentence.contains("'긍정 ' for '긍정' in 2 rows, the first on line 3; '\\u00A0긍정' for"),
        sentence);
    assertTrue(sentence.contains("'부정\\u200B' for '부정' in 1 row, the first on line 7"), sentence);
  }

  @Test
  void read_labelsOfAMapping_areComparedTheSameWay() {
    Path file = file("a.csv", "text,label\n가,긍정 \n나,０\n다,1.0\n");
    LabelMapping mapping = LabelMapping.parse("0=부정,1= 긍정");
    assertEquals(List.of("긍정", "부정", "긍정"), labels(dropping(mapping).read(file)));
    LabelMapping ofModel = mapping.restrictedTo(LabelSet.of("긍정\u00A0", "부정"));
    assertEquals(List.of("긍정\u00A0", "부정", "긍정\u00A0"), labels(dropping(ofModel).read(file)));
    assertRefused(
        Reason.INVALID_ARGUMENT,
        "labels '긍정' and '긍정\\u00A0' look alike",
        () -> mapping.restrictedTo(LabelSet.of("긍정", "긍정\u00A0", "부정")));
  }

  @Test
  void read_wholeNumbersWithFractions_areTheNumbers() {
    Path file = file("a.csv", "text,label\n가,0.0\n나,1\n다,1.0\n라,0.5\n");
    assertEquals(
        LabelSet.of("0", "0.5", "1"), LabelMapping.IDENTITY.labelSet(dropping(null).read(file)));
  }

  @Test
  void read_columnNamesThatLookAlike_areFound() {
    Path table = file("a.csv", "\uFEFF\uFEFFid, Document,document ,label\u00A0\n1,x,가,긍정\n");
    assertEquals(List.of(new Example("1", "가", "긍정")), dropping(null).read(table));
    Path json = file("a.jsonl", "{\"text \": \"가\", \"label\\u200b\": \"긍정\"}\n");
    assertEquals(List.of(new Example("1", "가", "긍정")), dropping(null).read(json));
    assertRefused(
        Reason.INVALID_DATA,
        "column 'text' occurs twice",
        () -> dropping(null).read(file("b.csv", "text,text ,label\n가,나,긍정\n")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '`',
      value = {
        "['배송', '가격']@가격 배송",
        "[\"배송\",\"가격\"]@가격 배송",
        "[\"\\ubc30\\uc1a1\", \"it's\"]@it's 배송",
        "['it\\'s', \"배송\"]@it's 배송",
        "['배송' '가격']@가격 배송",
        "('배송', '가격')@가격 배송",
        "('배송',)@배송",
        "{'배송'}@배송",
        "[배송, 가격]@가격 배송",
        "[1, 3]@1 3",
        "[1 3]@1 3",
        " ['배송'] @배송",
        "['배송,가격', '기타']@기타 배송,가격",
        "[]@``",
        "()@``",
        "[기타]|[배송]@[기타] [배송]",
        "배송|가격@가격 배송"
      })
  void read_listWrittenAsAString_isItsLabels(String field, String labels) {
    Set<String> expected =
        labels.isEmpty() ? Set.of() : Stream.of(labels.split(" ")).collect(Collectors.toSet());
    Path table = file("a.tsv", "text\tlabel\n가\t" + field + "\n");
    assertEquals(expected, Set.copyOf(several().read(table).getFirst().labels()));
    Path csv = file("a.csv", "text,label\n가,\"" + field.replace("\"", "\"\"") + "\"\n");
    assertEquals(expected, Set.copyOf(several().read(csv).getFirst().labels()));
    Path json =
        file(
            "a.jsonl",
            "{\"text\": \"가\", \"label\": \"%s\"}\n"
                .formatted(field.replace("\\", "\\\\").replace("\"", "\\\"")));
    if (!field.contains("|")) {
      assertEquals(expected, Set.copyOf(several().read(json).getFirst().labels()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"['배송', '가격'", "['배송', 가격]", "['배송]", "[0, 1, 0, 1]", "[배송, ]", "['배송'"})
  void read_listThatCannotBeRead_isRefusedWithItsLine(String field) {
    Path table = file("a.tsv", "text\tlabel\n가\t배송\n나\t" + field + "\n");
    assertRefused(
        Reason.INVALID_DATA,
        "a.tsv, line 3: the labels in column 'label' are a list that cannot be read",
        () -> several().read(table));
  }

  @Test
  void read_listWhereOneLabelIsExpected_isRefused() {
    assertRefused(
        Reason.INVALID_DATA,
        "a.tsv, line 2: the label in column 'label' is a list",
        () -> dropping(null).read(file("a.tsv", "text\tlabel\n가\t['긍정']\n")));
    assertRefused(
        Reason.INVALID_DATA,
        "a.jsonl, line 1: the label in column 'label' is a list",
        () -> dropping(null).read(file("a.jsonl", "{\"text\": \"가\", \"label\": \"['긍정']\"}\n")));
  }

  @Test
  void read_labelThatLooksLikeSeveral_isNoted() {
    several().read(file("a.tsv", "text\tlabel\n가\t배송|가격\n나\t배송,가격\n다\t배송;가격\n"), notes);
    assertTrue(
        notes
            .sentences()
            .getFirst()
            .contains("the label '배송,가격' on line 3, and 2 in all, holds a comma or a semicolon"),
        notes.sentences().toString());
  }

  @Test
  void read_numbersOfAModelsLabels_areNotedWithWhatTheyMean() {
    Path file = file("a.tsv", "text\tlabel\n가\t0\n나\t1.0\n다\t1\n");
    LabelMapping mapping = LabelMapping.ofModel(LabelSet.of("부정", "중립", "긍정"));
    assertEquals(List.of("부정", "중립", "중립"), labels(dropping(mapping).read(file, notes)));
    assertEquals(Map.of("0", "부정", "1", "중립"), notes.numbers());
    assertEquals(
        List.of(
            file
                + ": numbers were taken for the model's labels in their order, 0 = 부정 (1 row),"
                + " 1 = 중립 (2 rows); no row has '긍정'; --label-mapping says otherwise"),
        notes.sentences());
  }

  @Test
  void read_numberWithoutALabel_isRefused() {
    LabelMapping mapping = LabelMapping.ofModel(LabelSet.of("부정", "긍정"));
    assertRefused(
        Reason.INVALID_DATA,
        "a.tsv, line 2: label '2' is unknown; expected one of '0', '1', '부정', '긍정'",
        () -> dropping(mapping).read(file("a.tsv", "text\tlabel\n가\t2\n")));
    LabelMapping stars = LabelMapping.ofModel(LabelSet.of("1", "2"));
    assertEquals(List.of("1"), labels(dropping(stars).read(file("b.tsv", "text\tlabel\n가\t1\n"))));
    assertRefused(
        Reason.INVALID_DATA,
        "label '0' is unknown; expected one of '1', '2'",
        () -> dropping(stars).read(file("c.tsv", "text\tlabel\n가\t0\n")));
  }

  @Test
  void read_emptyTexts_areDroppedAndCounted() {
    Path file =
        file("a.tsv", "text\tlabel\n가\t긍정\n\t부정\n\u3164\u3164\t부정\n\u200B \uFE0F\t\n나\t부정\n");
    assertEquals(List.of("긍정", "부정"), labels(dropping(null).read(file, notes)));
    assertEquals(3, notes.emptyTexts());
    assertEquals(3, notes.firstEmptyLine().orElseThrow());
    assertEquals(
        List.of(file + ": 3 texts are empty and were left out, the first that of line 3"),
        notes.sentences());
    assertRefused(
        Reason.INVALID_DATA,
        "a.tsv, line 3: the text is empty, or blank once it is normalised",
        () -> new ExampleReader().read(file));
    assertEquals(List.of("가", "나"), dropping(null).readTexts(file, new ReadingNotes()));
  }

  @Test
  void read_nothingButEmptyTexts_isRefused() {
    assertRefused(
        Reason.INVALID_DATA,
        "there is no example in it, as the texts of all its rows are empty (2)",
        () -> dropping(null).read(file("a.csv", "text,label\n\" \",긍정\n,부정\n")));
  }

  @Test
  void read_jsonWithoutText_isAnEmptyText() {
    Path file =
        file("a.jsonl", "{\"text\": null, \"label\": 1}\n{\"text\": \"가\", \"label\": 1}\n");
    assertEquals(List.of(new Example("2", "가", "1")), dropping(null).read(file, notes));
    assertEquals(1, notes.emptyTexts());
  }

  @ParameterizedTest
  @CsvSource({"'\t', tabs", ";, semicolons"})
  void read_commaTableOfAnotherSeparator_isReadByItsHeader(String separator, String name) {
    Path mixed = file("a.csv", "id" + separator + "text,label\n1,가,긍정\n");
    String table =
        "id;text;label\n1;\"가; 나, \"\"\n다\";긍정\n".replace("; ", "! ").replace(";", separator);
    assertEquals(
        List.of(new Example("1", "가! 나, \"\n다", "긍정")),
        dropping(null).read(file("b.csv", table), notes));
    assertEquals(
        directory.resolve("b.csv") + ": its fields are parted by " + name + ", and it was read so",
        notes.sentences().getFirst());
    assertRefused(
        Reason.INVALID_DATA, "a.csv, line 1: no text column", () -> dropping(null).read(mixed));
  }

  @Test
  void read_tabTableWithoutTabs_saysSo() {
    assertRefused(
        Reason.INVALID_DATA,
        "a.tsv, line 1: the header 'id,text,label' has no tab; a table parted by commas",
        () -> dropping(null).read(file("a.tsv", "id,text,label\n1,가,긍정\n")));
  }

  @Test
  void read_nsmcAsPublished_isATableUnderTheNameOfTexts() {
    Path file = file("ratings_train.txt", "id\tdocument\tlabel\n1\t가\t0\n2\t\t1\n3\t나\t1\n");
    assertEquals(List.of("0", "1"), labels(dropping(null).read(file, notes)));
    assertEquals(1, notes.emptyTexts());
    try (Stream<TextRow> documents =
        new ExampleReader().streamDocuments(file("test.txt", "id\tdocument\n7\t가\n"))) {
      assertEquals(List.of(new Document(2, "7", "가")), documents.toList());
    }
  }

  @Test
  void read_endingsInCapitals_areKnown() throws IOException {
    assertEquals(List.of("긍정"), labels(dropping(null).read(file("A.CSV", "text,label\n가,긍정\n"))));
    Path gzip = directory.resolve("B.TSV.GZ");
    ExampleWriter.write(gzip, List.of(new Example("1", "가", "긍정")));
    assertEquals(0x1F, Files.readAllBytes(gzip)[0]);
    assertEquals(List.of("긍정"), labels(dropping(null).read(gzip)));
  }

  @ParameterizedTest
  @CsvSource({"a.json, jq -c", "a.xlsx, CSV UTF-8", "a.parquet, to_json", "a.zip, unpack"})
  void read_otherKindsOfFiles_areRefusedWithWhatToDo(String name, String hint) {
    assertRefused(Reason.INVALID_DATA, hint, () -> dropping(null).read(file(name, "")));
  }

  @Test
  void read_otherEncodings_areNamedWithTheConversion() throws IOException {
    String table = "text,label\n재미있어요,긍정\n";
    Path file = directory.resolve("a.csv");
    Files.writeString(file, table, Charset.forName("x-windows-949"));
    assertRefused(
        Reason.INVALID_DATA,
        "a.csv, line 2: the bytes are not valid UTF-8; they look like CP949, and"
            + " iconv -f CP949 -t UTF-8 IN > OUT converts it",
        () -> dropping(null).read(file));
    for (Charset charset :
        List.of(StandardCharsets.UTF_16, StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE)) {
      Files.writeString(file, table, charset);
      assertRefused(
          Reason.INVALID_DATA,
          "iconv -f UTF-16 -t UTF-8 IN > OUT converts it",
          () -> dropping(null).read(file));
    }
  }

  @Test
  void read_bytesOfOtherFiles_areNamedForWhatTheyAre() throws IOException {
    Path file = directory.resolve("a.csv");
    Files.write(file, new byte[] {'P', 'K', 3, 4, (byte) 0xFF, 0, 0});
    assertRefused(
        Reason.INVALID_DATA, "those of a spreadsheet or a zip", () -> dropping(null).read(file));
    Files.write(file, new byte[] {0x1F, (byte) 0x8B, 8, 0});
    assertRefused(Reason.INVALID_DATA, "is to end in .gz", () -> dropping(null).read(file));
    assertRefused(
        Reason.INVALID_DATA,
        "b.tsv, line 1: the lines end in carriage returns alone; tr",
        () -> dropping(null).read(file("b.tsv", "text\tlabel\r가\t긍정\r")));
  }

  private static List<String> labels(List<Example> examples) {
    return examples.stream().map(Example::label).toList();
  }

  private static ExampleReader dropping(@Nullable LabelMapping mapping) {
    return new ExampleReader(
        Columns.DEFAULT,
        mapping == null ? LabelMapping.IDENTITY : mapping,
        ProblemType.SINGLE_LABEL_CLASSIFICATION,
        EmptyTexts.DROP);
  }

  private static ExampleReader several() {
    return new ExampleReader(
        Columns.DEFAULT, LabelMapping.IDENTITY, ProblemType.MULTI_LABEL_CLASSIFICATION);
  }

  private Path file(String name, String text) {
    try {
      return Files.writeString(directory.resolve(name), text);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
