package dev.nunchi.data;

import static dev.nunchi.data.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ExampleReaderTest {
  private static final List<Example> REVIEWS =
      List.of(
          new Example("r1", "배우들 연기가 참 좋았다", "1"),
          new Example("r2", "\"명작\"이라더니, 졸다가 나왔다", "0"),
          new Example("r3", "음악 👍🏽 영상 👍🏽", "1"));

  private final ExampleReader reader = new ExampleReader();

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"reviews.tsv", "reviews.csv", "reviews.jsonl"})
  void read_everyFormat_givesTheSameExamples(String name) throws Exception {
    assertEquals(REVIEWS, reader.read(resource(name)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"reviews.tsv", "reviews.csv", "reviews.jsonl"})
  void read_gzipOfEveryFormat_givesTheSameExamples(String name) throws Exception {
    Path file = directory.resolve(name + ".gz");
    Files.write(file, gzip(Files.readAllBytes(resource(name))));
    assertEquals(REVIEWS, reader.read(file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"reviews.tsv", "reviews.csv", "reviews.jsonl"})
  void read_byteOrderMarkAndCarriageReturns_areAccepted(String name) throws Exception {
    String text = "\uFEFF" + Files.readString(resource(name)).replace("\n", "\r\n");
    assertEquals(REVIEWS, reader.read(file(name, text)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"reviews.tsv", "reviews.csv", "reviews.jsonl"})
  void read_noLineEndAtTheEnd_isAccepted(String name) throws Exception {
    assertEquals(REVIEWS, reader.read(file(name, Files.readString(resource(name)).strip())));
  }

  @ParameterizedTest
  @ValueSource(strings = {"reviews.tsv", "reviews.csv", "reviews.jsonl"})
  void read_emptyLinesAtTheEnd_areAccepted(String name) throws Exception {
    assertEquals(REVIEWS, reader.read(file(name, Files.readString(resource(name)) + "\n\r\n\n")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"reviews.tsv", "reviews.csv", "reviews.jsonl"})
  void read_emptyLineBetween_isRefused(String name) throws Exception {
    List<String> lines = Files.readAllLines(resource(name));
    Path file = file(name, lines.get(0) + "\n" + lines.get(1) + "\n\n" + lines.get(2) + "\n");
    assertRefused(Reason.INVALID_DATA, name + ", line 3: the line is empty", () -> read(file));
  }

  @Test
  void readUnlabelled_anyFormat_takesTextsAndIdsAndNoLabel() throws IOException {
    Path table =
        Files.writeString(
            directory.resolve("unlabelled.tsv"), "id\tdocument\trating\na\t좋아요\t10\nb\t\t1\n");
    ReadingNotes notes = new ReadingNotes();
    ExampleReader dropping =
        new ExampleReader(
            Columns.DEFAULT,
            LabelMapping.IDENTITY,
            ProblemType.SINGLE_LABEL_CLASSIFICATION,
            EmptyTexts.DROP);
    assertEquals(
        List.of(new Example("a", "좋아요", List.of())), dropping.readUnlabelled(table, notes));
    assertEquals(1, notes.emptyTexts());
    Path lines = Files.writeString(directory.resolve("unlabelled.txt"), "좋아요\n별로\n");
    assertEquals(
        List.of(new Example("1", "좋아요", List.of()), new Example("2", "별로", List.of())),
        reader.readUnlabelled(lines, new ReadingNotes()));
  }

  @Test
  void read_tabTable_quotesAndCommasAreOrdinary() {
    Path file = file("a.tsv", "label\ttext\n0\t\"따옴표, 쉼표\n1\t'둘'\"\n");
    assertEquals(
        List.of(new Example("2", "\"따옴표, 쉼표", "0"), new Example("3", "'둘'\"", "1")), read(file));
  }

  @Test
  void read_tabTable_loneCarriageReturnAndOtherSeparatorsStayInTheText() {
    Path file = file("a.tsv", "text\tlabel\n가\r나\u2028다\u0085라\t0\n");
    assertEquals(List.of(new Example("2", "가\r나\u2028다\u0085라", "0")), read(file));
  }

  @Test
  void read_commaTable_quotedFieldHoldsLineEndsAndLinesAreCounted() {
    Path file = file("a.csv", "text,label\n\"첫 줄\r\n둘째 \"\"줄\"\"\",0\n다음,1\n\"\",0\n");
    try (Stream<Example> examples = reader.stream(file)) {
      assertEquals(
          List.of(new Example("2", "첫 줄\r\n둘째 \"줄\"", "0"), new Example("4", "다음", "1")),
          examples.limit(2).toList());
    }
    assertRefused(Reason.INVALID_DATA, "line 5: the text is empty", () -> read(file));
  }

  /// A line feed ends a line, in a quoted field too; a carriage return alone ends none. The last
  /// text has code points whose surrogates are those that carriage returns might be mistaken for.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "가\r나",
        "가\r",
        "가\r나\n다",
        "가\r\n나",
        "가\n나",
        "가\r\r\n",
        "\uD800\uDC00\r\uD83D\uDC00"
      })
  void read_commaTable_lineEndsOfAQuotedFieldAreKeptAndLinesCounted(String text) {
    long line = 3 + text.chars().filter(c -> c == '\n').count();
    String last = "label,text\n0,\"" + text + "\"\n1,다음\n";
    assertEquals(
        List.of(new Example("2", text, "0"), new Example(Long.toString(line), "다음", "1")),
        read(file("last.csv", last)));
    Path first = file("first.csv", "text,label\n\"" + text + "\",0\n다음,9\n");
    assertEquals(List.of("2", Long.toString(line)), read(first).stream().map(Example::id).toList());
  }

  @Test
  void read_commaTable_unclosedQuoteNamesWhereItOpened() {
    Path file = file("a.csv", "text,label\n가,0\n\"나,1\n다,0\n");
    assertRefused(
        Reason.INVALID_DATA,
        "a.csv, line 3: a quoted field starts here that is never closed",
        () -> read(file));
    Path doubled = file("b.csv", "text,label\n\"나\"\"");
    assertRefused(Reason.INVALID_DATA, "line 2: a quoted field starts here", () -> read(doubled));
  }

  @Test
  void read_commaTable_characterBehindQuoteNamesTheLine() {
    Path file = file("a.csv", "text,label\n\"가\n나\",0\n\"다\"라,1\n");
    assertRefused(Reason.INVALID_DATA, "a.csv, line 4: not RFC 4180", () -> read(file));
  }

  @Test
  void read_jsonLines_numbersAndBooleansAreLabels() {
    Path file =
        file(
            "a.jsonl",
            """
            {"sentence": "하나", "label": 1, "id": 12}
            {"label": true, "id": "x", "sentence": "둘", "extra": [1, {"a": null}]}
            {"sentence": "셋\\n\\uD83D\\uDE00", "label": 0.50, "id": 3}
            """);
    assertEquals(
        List.of(
            new Example("12", "하나", "1"),
            new Example("x", "둘", "true"),
            new Example("3", "셋\n😀", "0.50")),
        read(file));
  }

  @Test
  void read_jsonLines_brokenOnesAreRefused() {
    String good = "{\"text\": \"비밀\", \"label\": 1}\n";
    assertLineRefused(good + "{\"text\": \"비밀\"", "line 2: expected one JSON object, broken at");
    assertLineRefused(good + "[1]", "line 2: expected one JSON object, found an array");
    assertLineRefused(good + "{} {}", "line 2: expected one JSON object, broken at column");
    assertLineRefused(
        good + "{\"text\": \"비밀\", \"text\": \"나\", \"label\": 1}",
        "line 2: field 'text' occurs twice");
    assertLineRefused(good + "{\"label\": 1}", "line 2: field 'text' is missing");
    assertLineRefused(good + "{\"text\": \"비밀\"}", "line 2: field 'label' is missing");
    assertLineRefused(
        good + "{\"text\": 3, \"label\": 1}", "line 2: expected a string in field 'text', found a");
    assertLineRefused(
        good + "{\"text\": \"비밀\", \"label\": null}",
        "line 2: expected a string or a number in field 'label', found null");
    assertLineRefused(
        good + "{\"text\": \"비밀\", \"label\": {\"a\": 1}}", "in field 'label', found an object");
    assertLineRefused(
        good + "{\"text\": \"비밀 \\ud83d\", \"label\": 1}",
        "line 2: field 'text' holds half a surrogate pair");
    assertLineRefused("{\"document\": \"비밀\"}", "line 1: no label column: expected 'label'");
  }

  @Test
  void read_chosenColumns_winOverDefaults() {
    Path file = file("a.tsv", "id\tdocument\tlabel\tkey\tcomment\trating\n1\t가\t0\tk\t나\t9\n");
    ExampleReader chosen =
        new ExampleReader(new Columns("key", "comment", "rating"), LabelMapping.IDENTITY);
    assertEquals(List.of(new Example("k", "나", "9")), chosen.read(file));
    assertEquals(List.of(new Example("1", "가", "0")), read(file));
  }

  @Test
  void read_severalTextColumns_firstDefaultWins() {
    Path file = file("a.tsv", "sentence\ttext\tdocument\tlabel\n셋\t둘\t하나\t0\n");
    assertEquals("하나", read(file).getFirst().text());
  }

  @Test
  void read_missingColumn_namesWhatWasExpectedAndFound() {
    assertRefused(
        Reason.INVALID_DATA,
        "a.tsv, line 1: no text column: expected 'document' or 'text' or 'sentence',"
            + " found 'id', 'content', 'label'",
        () -> read(file("a.tsv", "id\tcontent\tlabel\n1\t가\t0\n")));
    assertRefused(
        Reason.INVALID_DATA,
        "b.csv, line 1: no label column: expected 'label', found 'id', 'text'",
        () -> read(file("b.csv", "id,text\n1,가\n")));
    ExampleReader key = new ExampleReader(new Columns("key", null, null), LabelMapping.IDENTITY);
    assertRefused(
        Reason.INVALID_DATA,
        "no id column: expected 'key', found 'text', 'label'",
        () -> key.read(file("c.tsv", "text\tlabel\n가\t0\n")));
  }

  @Test
  void read_fileWithoutHeader_messageCutsWhatItQuotes() {
    String review = "길게 쓴 감상문이 머리글 자리에 서 있으면 다 보여 주지 않는다. ".repeat(3);
    NunchiException refusal =
        assertRefused(
            Reason.INVALID_DATA, "no text column", () -> read(file("a.tsv", review + "\t0\n")));
    assertFalse(Objects.requireNonNull(refusal.getMessage()).contains(review.substring(0, 30)));
  }

  @Test
  void read_columnTwice_isRefused() {
    assertRefused(
        Reason.INVALID_DATA,
        "line 1: column 'text' occurs twice",
        () -> read(file("a.tsv", "text\ttext\tlabel\n가\t나\t0\n")));
  }

  @Test
  void read_wrongNumberOfFields_namesBothNumbers() {
    assertRefused(
        Reason.INVALID_DATA,
        "a.tsv, line 3: expected 2 fields as in the header, found 3",
        () -> read(file("a.tsv", "text\tlabel\n가\t0\n나\t1\t2\n")));
    assertRefused(
        Reason.INVALID_DATA,
        "b.csv, line 2: expected 2 fields as in the header, found 1",
        () -> read(file("b.csv", "text,label\n가\n")));
  }

  @Test
  void read_blankTextOrLabel_isRefused() {
    assertRefused(
        Reason.INVALID_DATA,
        "a.tsv, line 3: the text is empty",
        () -> read(file("a.tsv", "document\tlabel\n가\t0\n \u3000\t1\n")));
    assertRefused(
        Reason.INVALID_DATA,
        "b.tsv, line 2: the label in column 'label' is empty",
        () -> read(file("b.tsv", "document\tlabel\n가\t\n")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.tsv", "a.csv"})
  void read_invalidUtf8_namesFileAndLine(String name) throws Exception {
    byte[] head =
        "text,label\n\"가\n나\",0\n"
            .replace(',', name.endsWith("tsv") ? '\t' : ',')
            .replace("가\n나", name.endsWith("tsv") ? "가" : "가\n나")
            .getBytes(StandardCharsets.UTF_8);
    Path file = directory.resolve(name);
    // EUC-KR for 가, which Windows tools like to write.
    byte[] broken = {(byte) 0xB0, (byte) 0xA1};
    Files.write(file, concat(head, broken, "\t1\n".getBytes(StandardCharsets.UTF_8)));
    int line = name.endsWith("tsv") ? 3 : 4;
    assertRefused(
        Reason.INVALID_DATA,
        "%s, line %d: the bytes are not valid UTF-8".formatted(name, line),
        () -> read(file));
  }

  @Test
  void read_replacementCharacterInTheFile_isText() {
    assertEquals("깨진 \uFFFD", read(file("a.tsv", "text\tlabel\n깨진 \uFFFD\t0\n")).getFirst().text());
  }

  @Test
  void read_linesAcrossTheBuffer_areWhole() {
    String text = "가나다라마바사".repeat(20_000);
    Path file = file("a.tsv", "text\tlabel\n" + text + "\t0\n짧다\t1\n" + text + "\t1");
    assertEquals(
        List.of(
            new Example("2", text, "0"), new Example("3", "짧다", "1"), new Example("4", text, "1")),
        read(file));
  }

  @Test
  void read_endlessLine_isRefused() {
    Path file = file("a.tsv", "text\tlabel\n" + "a".repeat(Lines.LONGEST_LINE_BYTES + 1));
    assertRefused(Reason.INVALID_DATA, "line 2: the line is longer than 16 MiB", () -> read(file));
  }

  @Test
  void read_fileThatIsNotThere_isRefused() {
    assertRefused(
        Reason.IO_FAILURE,
        "absent.tsv: there is no such file",
        () -> read(directory.resolve("absent.tsv")));
    assertRefused(
        Reason.IO_FAILURE,
        "absent.tsv.gz: there is no such file",
        () -> read(directory.resolve("absent.tsv.gz")));
  }

  @Test
  void read_directory_isRefused() throws IOException {
    Path folder = Files.createDirectory(directory.resolve("folder.tsv"));
    assertRefused(Reason.IO_FAILURE, "folder.tsv: cannot be read", () -> read(folder));
  }

  @Test
  void read_unknownEnding_isRefused() {
    Path file = file("a.xlsx", "");
    assertRefused(Reason.INVALID_DATA, "a.xlsx: a data file ends in .tsv", () -> read(file));
  }

  @Test
  void read_textsAlone_haveNoLabels() {
    Path file = file("a.txt", "가\n");
    assertRefused(Reason.INVALID_DATA, "a file of texts alone has no labels", () -> read(file));
  }

  @Test
  void read_noHeaderOrNoRow_isRefused() {
    assertRefused(
        Reason.INVALID_DATA, "a.tsv, line 1: expected a header", () -> read(file("a.tsv", "")));
    assertRefused(
        Reason.INVALID_DATA, "b.csv, line 1: expected a header", () -> read(file("b.csv", "\n")));
    assertRefused(
        Reason.INVALID_DATA,
        "c.tsv: there is no example in it",
        () -> read(file("c.tsv", "text\tlabel\n")));
    assertRefused(
        Reason.INVALID_DATA, "d.jsonl: there is no example", () -> read(file("d.jsonl", "")));
  }

  @Test
  void read_brokenGzip_isRefused() throws Exception {
    Path plain = directory.resolve("plain.tsv.gz");
    Files.writeString(plain, "text\tlabel\n");
    assertRefused(Reason.INVALID_DATA, "plain.tsv.gz: the gzip data is broken", () -> read(plain));

    StringBuilder text = new StringBuilder("text\tlabel\n");
    for (int i = 0; i < 20_000; i++) {
      text.append("글 ").append(Integer.toHexString(i * 7919)).append("\t0\n");
    }
    byte[] whole = gzip(text.toString().getBytes(StandardCharsets.UTF_8));
    Path cut = directory.resolve("cut.tsv.gz");
    Files.write(cut, Arrays.copyOf(whole, whole.length / 2));
    assertRefused(
        Reason.INVALID_DATA,
        "cut.tsv.gz: the gzip data ends too early, after line",
        () -> read(cut));

    byte[] flipped = whole.clone();
    flipped[whole.length - 6] ^= 1;
    Path wrong = directory.resolve("wrong.tsv.gz");
    Files.write(wrong, flipped);
    assertRefused(
        Reason.INVALID_DATA,
        "wrong.tsv.gz: the gzip data is broken after line 20001",
        () -> read(wrong));

    Path empty = directory.resolve("empty.csv.gz");
    Files.write(empty, new byte[0]);
    assertRefused(Reason.INVALID_DATA, "empty.csv.gz: the gzip data ends", () -> read(empty));
  }

  @Test
  void read_mapping_namesAndDrops() {
    Path file = file("a.tsv", "text\trating\n가\t1\n나\t7\n다\t10\n라\t긍정\n");
    ExampleReader stars =
        new ExampleReader(
            new Columns(null, null, "rating"), LabelMapping.parse("1-4=부정, 5-8=, 9-10=긍정"));
    assertEquals(
        List.of(
            new Example("2", "가", "부정"), new Example("4", "다", "긍정"), new Example("5", "라", "긍정")),
        stars.read(file));
  }

  @Test
  void read_unknownLabel_namesLineValueAndWhatIsKnownButNotTheText() {
    Path file = file("a.tsv", "text\tlabel\n가\t0\n비밀스러운 글\t2\n");
    ExampleReader mapped = new ExampleReader(Columns.DEFAULT, LabelMapping.parse("0=부정,1=긍정"));
    NunchiException refusal =
        assertRefused(
            Reason.INVALID_DATA,
            "a.tsv, line 3: label '2' is unknown; expected one of '0', '1', '부정', '긍정'",
            () -> mapped.read(file));
    assertFalse(Objects.requireNonNull(refusal.getMessage()).contains("비밀"));
    LabelMapping ofModel = LabelMapping.IDENTITY.restrictedTo(LabelSet.of("0", "1"));
    assertRefused(
        Reason.INVALID_DATA,
        "a.tsv, line 3: label '2' is unknown; expected one of '0', '1'",
        () -> new ExampleReader(Columns.DEFAULT, ofModel).read(file));
  }

  @Test
  void streamDocuments_everyFormat_needsNoLabel() {
    List<Document> expected = List.of(new Document(2, "2", "가"), new Document(3, "3", "나"));
    assertEquals(expected, documents(file("a.tsv", "text\n가\n나\n")));
    assertEquals(expected, documents(file("a.csv", "text\n가\n나\n")));
    assertEquals(
        List.of(new Document(1, "x", "가"), new Document(2, "y", "나")),
        documents(
            file("a.jsonl", "{\"id\":\"x\",\"text\":\"가\"}\n{\"id\":\"y\",\"text\":\"나\"}\n")));
    assertEquals(
        List.of(new Document(1, "1", "\"가\t나"), new Document(2, "2", "다")),
        documents(file("a.txt", "\"가\t나\r\n다\n\n")));
  }

  @Test
  void streamDocuments_emptyLines_standInTheirPlacesButNotAtTheEnd() {
    assertEquals(List.of("1 가", "2 ", "3 ", "4 나"), rows(file("a.txt", "가\n\n\n나\n\n\n")));
    assertEquals(
        List.of("2 가", "b.tsv, line 3: the line is empty; expected 1 field", "4 나"),
        rows(file("b.tsv", "text\n가\n\n나\n\n")));
    assertEquals(
        List.of("1 가", "c.jsonl, line 2: the line is empty; expected one JSON object", "3 나"),
        rows(file("c.jsonl", "{\"text\":\"가\"}\n\n{\"text\":\"나\"}\n\n")));
  }

  @Test
  void streamDocuments_badRows_areGivenInTheirPlacesWithTheRest() throws IOException {
    assertEquals(
        List.of(
            "2 가",
            "a.csv, line 3: expected 2 fields as in the header, found 1",
            "4 \"나\"\n다",
            "a.csv, line 6: not RFC 4180: after the quote that closes a field comes a comma or the"
                + " line's end, a quote inside it is doubled, and it has at most 16 Mi characters",
            "7 라",
            "a.csv, line 8: a quoted field starts here that is never closed"),
        rows(file("a.csv", "text,id\n가,1\n나\n\"\"\"나\"\"\n다\",2\n\"라\"x,3\n라,4\n\"마,5\n바,6\n")));
    assertEquals(
        List.of(
            "1 가",
            "b.jsonl, line 2: expected one JSON object, broken at column 2",
            "b.jsonl, line 3: field 'text' is missing",
            "b.jsonl, line 4: expected a string in field 'text', found a number",
            "5 나"),
        rows(
            file(
                "b.jsonl",
                "{\"text\":\"가\"}\n{\n{\"body\":\"x\"}\n{\"text\":1}\n{\"text\":\"나\"}\n")));
    byte[] bad = {(byte) 0xFF, '\n'};
    for (String name : List.of("c.txt", "c.csv", "c.tsv")) {
      boolean table = !name.endsWith(".txt");
      byte[] head = (table ? "text\n가\n" : "가\n").getBytes(StandardCharsets.UTF_8);
      byte[] tail = "나\n".getBytes(StandardCharsets.UTF_8);
      Path file = Files.write(directory.resolve(name), concat(head, bad, tail));
      int line = table ? 3 : 2;
      assertEquals(
          List.of(
              (line - 1) + " 가",
              "%s, line %d: the bytes are not valid UTF-8".formatted(name, line),
              (line + 1) + " 나"),
          rows(file));
    }
    Path first =
        Files.write(
            directory.resolve("d.txt"), concat(bad, "나\n".getBytes(StandardCharsets.UTF_8)));
    assertEquals(List.of("d.txt, line 1: the bytes are not valid UTF-8", "2 나"), rows(first));
  }

  @Test
  void streamDocuments_lineWithoutEnd_isPassedOver() throws IOException {
    byte[] line = new byte[Lines.LONGEST_LINE_BYTES + 2];
    Arrays.fill(line, (byte) 'a');
    Path file =
        Files.write(
            directory.resolve("a.txt"), concat("가\n".getBytes(StandardCharsets.UTF_8), line));
    assertEquals(List.of("1 가", "a.txt, line 2: the line is longer than 16 MiB"), rows(file));
    Files.write(file, "\n나\n".getBytes(StandardCharsets.UTF_8), StandardOpenOption.APPEND);
    assertEquals(
        List.of("1 가", "a.txt, line 2: the line is longer than 16 MiB", "3 나"), rows(file));
  }

  @Test
  void streamDocuments_faultsOfTheWholeFile_endIt() throws IOException {
    assertRefused(
        Reason.INVALID_DATA,
        "a.tsv, line 1: no text column: expected 'document' or 'text' or 'sentence', found 'body'",
        () -> rows(file("a.tsv", "body\n가\n")));
    byte[] whole = gzip("가\n".repeat(1000).getBytes(StandardCharsets.UTF_8));
    Path cut = Files.write(directory.resolve("b.txt.gz"), Arrays.copyOf(whole, whole.length - 9));
    assertThrows(NunchiException.class, () -> rows(cut));
  }

  @Test
  void streamDocuments_liveInput_givesEachLineBeforeTheNextIsThere() throws Exception {
    try (PipedOutputStream out = new PipedOutputStream();
        PipedInputStream in = new PipedInputStream(out)) {
      out.write("가\n\n".getBytes(StandardCharsets.UTF_8));
      Iterator<TextRow> rows =
          reader.streamDocuments(in, DataFormat.TEXT, "standard input", true).iterator();
      assertEquals(new Document(1, "1", "가"), rows.next());
      assertEquals(new Document(2, "2", ""), rows.next());
      out.write("나\n".getBytes(StandardCharsets.UTF_8));
      assertEquals(new Document(3, "3", "나"), rows.next());
    }
  }

  @Test
  void stream_closed_closesTheInput() {
    AtomicBoolean closed = new AtomicBoolean();
    InputStream in =
        new ByteArrayInputStream("가\n나\n".getBytes(StandardCharsets.UTF_8)) {
          @Override
          public void close() {
            closed.set(true);
          }
        };
    try (Stream<TextRow> documents = reader.streamDocuments(in, DataFormat.TEXT, "in", false)) {
      assertEquals(new Document(1, "1", "가"), documents.findFirst().orElseThrow());
      assertFalse(closed.get());
    }
    assertTrue(closed.get());
  }

  private void assertLineRefused(String json, String message) {
    NunchiException refusal =
        assertRefused(Reason.INVALID_DATA, message, () -> read(file("a.jsonl", json)));
    assertFalse(Objects.requireNonNull(refusal.getMessage()).contains("비밀"));
  }

  private List<Example> read(Path file) {
    return reader.read(file);
  }

  private List<TextRow> documents(Path file) {
    try (Stream<TextRow> documents = reader.streamDocuments(file)) {
      return documents.toList();
    }
  }

  /// Line and text of each row, or what is said of it, without the folder.
  private List<String> rows(Path file) {
    return documents(file).stream()
        .map(row ->
            switch (row) {
              case Document document -> document.line() + " " + document.text();
              case RefusedRow refused -> {
                assertEquals(refused.line(), refused.why().line());
                yield refused.why().getMessage().replace(directory + "/", "");
              }
            })
        .toList();
  }

  private Path file(String name, String text) {
    try {
      return Files.writeString(directory.resolve(name), text);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Path resource(String name) throws URISyntaxException {
    return Path.of(Objects.requireNonNull(ExampleReaderTest.class.getResource(name)).toURI());
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
