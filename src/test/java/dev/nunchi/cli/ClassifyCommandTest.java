package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.infer.TinyModel;
import dev.nunchi.model.Probe;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassifyCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String LONG_TEXT = "영화 노래 음식 ".repeat(8).strip();

  @TempDir static Path temporary;
  private static Path model;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void writeModel() {
    model = TinyModel.write(temporary.resolve("tiny"));
  }

  @Test
  void run_jsonl_hasExactlyTheFieldsOfTheContract() throws IOException {
    Probe.Case expected = TinyModel.probe().cases().getFirst();
    assertEquals(0, classify("--format", "jsonl", expected.text()), err::toString);
    JsonNode answer = JSON.readTree(out.toString());
    List<String> names = new ArrayList<>();
    answer.fieldNames().forEachRemaining(names::add);
    assertEquals(
        List.of(
            "text",
            "label",
            "confidence",
            "polarity",
            "scores",
            "logits",
            "token_count",
            "truncated"),
        names);
    assertEquals(expected.text(), answer.get("text").textValue());
    assertEquals("부정", answer.get("label").textValue());
    double sum = 0;
    for (String label : TinyModel.LABELS.names()) {
      sum += answer.get("scores").get(label).doubleValue();
    }
    assertEquals(1, sum, 1e-9);
    assertEquals(
        answer.get("scores").get("부정").doubleValue(), answer.get("confidence").doubleValue());
    assertEquals(
        answer.get("scores").get("긍정").doubleValue() - answer.get("scores").get("부정").doubleValue(),
        answer.get("polarity").doubleValue(),
        1e-12);
    for (int i = 0; i < 3; i++) {
      assertEquals(expected.logits().get(i), answer.get("logits").get(i).doubleValue(), 1e-4);
    }
    assertEquals(6, answer.get("token_count").intValue());
    assertFalse(answer.get("truncated").booleanValue());
    assertEquals("", err.toString());
  }

  @Test
  void run_fileOfTexts_answersEachInOrder() throws IOException {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      texts.add("영화 ".repeat(1 + i * 7 % 20).strip());
    }
    Path file = Files.write(temporary.resolve("texts.txt"), texts);
    assertEquals(0, classify("--format", "jsonl", "--batch-size", "2", "--input", file.toString()));
    List<String> answered = new ArrayList<>();
    for (String line : out.toString().lines().toList()) {
      answered.add(JSON.readTree(line).get("text").textValue());
    }
    assertEquals(texts, answered);
  }

  @Test
  void run_batchSizes_giveTheSameLogits() throws IOException {
    Path file = temporary.resolve("batch.tsv");
    Files.writeString(file, "id\tdocument\tlabel\n1\t영화 정말 좋다!\t1\n2\t오늘 날씨는 별로\t0\n3\t책\t1\n");
    classify("--format", "jsonl", "--batch-size", "1", "--input", file.toString());
    List<String> alone = out.toString().lines().toList();
    out.getBuffer().setLength(0);
    classify("--format", "jsonl", "--batch-size", "3", "--input", file.toString());
    List<String> together = out.toString().lines().toList();
    assertEquals(3, alone.size());
    for (int line = 0; line < 3; line++) {
      for (int i = 0; i < 3; i++) {
        assertEquals(
            JSON.readTree(alone.get(line)).get("logits").get(i).doubleValue(),
            JSON.readTree(together.get(line)).get("logits").get(i).doubleValue(),
            1e-5);
      }
    }
  }

  @Test
  void run_standardInput_isOneTextALine() {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream("책\n노래\n".getBytes(StandardCharsets.UTF_8)));
    try {
      assertEquals(0, classify("--format", "tsv", "--input", "-"), err::toString);
    } finally {
      System.setIn(before);
    }
    List<String> lines = out.toString().lines().toList();
    assertEquals("text\tlabel\tconfidence\tpolarity\ttoken_count\ttruncated\terror", lines.get(0));
    assertTrue(lines.get(1).startsWith("책\t"), lines.get(1));
    assertTrue(lines.get(2).startsWith("노래\t"), lines.get(2));
    assertEquals(3, lines.size());
  }

  @Test
  void run_tsv_keepsATextWithTabsInItsField() {
    assertEquals(0, classify("--format", "tsv", "책\t노래\n영화"));
    List<String> lines = out.toString().lines().toList();
    assertEquals(2, lines.size());
    assertEquals(7, lines.get(1).split("\t", -1).length);
    assertTrue(lines.get(1).startsWith("책 노래 영화\t부정\t0."), lines.get(1));
  }

  @Test
  void run_table_isForPeople() {
    assertEquals(0, classify("영화 정말 좋다!"));
    assertEquals("부정   41.4 %  -0.07  영화 정말 좋다!\n", out.toString());
  }

  @Test
  void run_longText_isCutAsAskedAndSaysSo() throws IOException {
    assertEquals(0, classify("--truncation", "keep-head", LONG_TEXT));
    assertTrue(out.toString().endsWith("  (cut; it has 26 tokens)\n"), out.toString());
    out.getBuffer().setLength(0);
    assertEquals(0, classify("--format", "jsonl", "--truncation", "KEEP_HEAD_AND_TAIL", LONG_TEXT));
    assertTrue(JSON.readTree(out.toString()).get("truncated").booleanValue());
  }

  @Test
  void run_textsThatAreRefused_areMarkedInTheirPlacesAndTheOthersAnswered() throws IOException {
    Path file =
        Files.write(
            temporary.resolve("refused.txt"),
            bytes("책\n\n" + LONG_TEXT + "\n", new byte[] {(byte) 0xff, '\n'}, "\u200b\n노래\n\n"));
    assertEquals(1, classify("--format", "jsonl", "--input", file.toString()));
    List<JsonNode> answers = new ArrayList<>();
    for (String line : out.toString().lines().toList()) {
      answers.add(JSON.readTree(line));
    }
    assertEquals(6, answers.size());
    assertEquals("책", answers.get(0).get("text").textValue());
    assertTrue(answers.get(0).has("label"));
    List<String> reasons = List.of("EMPTY_TEXT", "TOO_MANY_TOKENS", "INVALID_DATA", "EMPTY_TEXT");
    for (int i = 0; i < reasons.size(); i++) {
      JsonNode answer = answers.get(i + 1);
      assertFalse(answer.has("label"), answer::toString);
      assertEquals(reasons.get(i), answer.get("error").get("reason").textValue());
      assertEquals(i + 2, answer.get("error").get("line").intValue());
      assertTrue(
          answer.get("error").get("message").textValue().startsWith(file + ", line " + (i + 2)),
          answer::toString);
    }
    assertEquals(LONG_TEXT, answers.get(2).get("text").textValue());
    assertTrue(answers.get(3).get("text").isNull());
    assertEquals("노래", answers.get(5).get("text").textValue());
    assertTrue(
        err.toString()
            .startsWith(
                "nunchi: 4 of 6 texts have no answer, the first of them: " + file + ", line 2: "),
        err.toString());
    assertFalse(err.toString().contains("음식"), err.toString());
  }

  @Test
  void run_refusedTextAsTableOrTsv_hasAsManyColumns() throws IOException {
    Path file = Files.write(temporary.resolve("long.txt"), List.of("책", LONG_TEXT, "노래"));
    assertEquals(1, classify("--format", "tsv", "--input", file.toString()));
    List<String> lines = out.toString().lines().toList();
    assertEquals(4, lines.size());
    assertEquals(LONG_TEXT + "\t\t\t\t\t\tTOO_MANY_TOKENS", lines.get(2));
    assertTrue(err.toString().startsWith("nunchi: " + file + ", line 2: "), err.toString());
    assertTrue(
        err.toString()
            .endsWith(
                "; --truncation keep-head cuts such texts; the other 2 texts have their answers\n"),
        err.toString());
    out.getBuffer().setLength(0);
    assertEquals(1, classify("--input", file.toString()));
    lines = out.toString().lines().toList();
    assertEquals(3, lines.size());
    assertTrue(
        lines
            .get(1)
            .startsWith(
                "-           -      -  %s  (refused: %s, line 2: ".formatted(LONG_TEXT, file)),
        lines.get(1));
  }

  @Test
  void run_emptyArgument_isNamedAndTheOtherOneAnswered() {
    assertEquals(1, classify("책", ""));
    assertEquals(2, out.toString().lines().count());
    assertTrue(err.toString().startsWith("nunchi: text 2 of the arguments: "), err.toString());
  }

  @Test
  void run_textsThatBeginWithAQuotationMark_areQuotedForReadersThatKnowQuotes() {
    assertEquals(0, classify("--format", "tsv", "\"책\" 노래", "책 \"노래\""));
    List<String> lines = out.toString().lines().toList();
    assertTrue(lines.get(1).startsWith("\"\"\"책\"\" 노래\"\t"), lines.get(1));
    assertTrue(lines.get(2).startsWith("책 \"노래\"\t"), lines.get(2));
  }

  @Test
  void run_pipeThatStaysOpen_answersEachLineAsItComes() throws Exception {
    InputStream before = System.in;
    try (PipedOutputStream texts = new PipedOutputStream();
        PipedInputStream in = new PipedInputStream(texts)) {
      System.setIn(in);
      CompletableFuture<Integer> exitCode =
          CompletableFuture.supplyAsync(() -> classify("--format", "jsonl", "--input", "-"));
      for (int i = 1; i <= 3; i++) {
        texts.write("책\n".getBytes(StandardCharsets.UTF_8));
        texts.flush();
        awaitLines(i, exitCode);
      }
      texts.close();
      assertEquals(0, exitCode.get(30, TimeUnit.SECONDS), err::toString);
    } finally {
      System.setIn(before);
    }
  }

  @Test
  void run_fileThatIsAPipe_isReadAsTexts() throws Exception {
    Path pipe = temporary.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    CompletableFuture<Void> written =
        CompletableFuture.runAsync(() -> {
          try {
            Files.writeString(pipe, "책\n노래\n");
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    assertEquals(0, classify("--format", "jsonl", "--input", pipe.toString()), err::toString);
    written.get(30, TimeUnit.SECONDS);
    assertEquals(2, out.toString().lines().count());
  }

  @Test
  void run_directoryAsInput_fails() {
    assertEquals(1, classify("--input", temporary.toString()));
    assertTrue(err.toString().contains("is a directory"), err.toString());
  }

  @Test
  void run_columnThatIsNotThere_failsAndAnswersNothing() throws IOException {
    Path file = Files.writeString(temporary.resolve("columns.tsv"), "body\n책\n");
    assertEquals(1, classify("--format", "jsonl", "--input", file.toString()));
    assertEquals("", out.toString());
    assertTrue(err.toString().contains("no text column"), err.toString());
  }

  @Test
  void run_textThatBeginsWithADash_saysWhatToType() {
    for (String text : List.of("-_- 노잼", "-ㅋㅋ", "--진짜 별로", "- 좋아요", "---")) {
      err.getBuffer().setLength(0);
      assertEquals(2, classify(text));
      assertTrue(
          err.toString()
              .contains(
                  "texts that begin with - stand behind --, as in: nunchi classify -- '%s'\n"
                      .formatted(text)),
          err.toString());
    }
    assertEquals(2, classify("-hello"));
    assertEquals("", out.toString());
    assertEquals(0, classify("--", "-_- 노래", "--format"));
    assertEquals(2, out.toString().lines().count());
  }

  @Test
  void run_mistypedOption_suggestsTheRightOne() {
    assertEquals(2, classify("--form", "tsv"));
    assertTrue(err.toString().contains("Possible solutions: --format"), err.toString());
  }

  @Test
  void run_maxLength_shortensWhatIsTaken() {
    assertEquals(1, classify("--max-length", "5", "영화 정말 좋다!"));
    assertTrue(err.toString().contains("at most 5"), err.toString());
  }

  @Test
  void run_fileThatIsNotThere_fails() {
    assertEquals(1, classify("--input", temporary.resolve("none.txt").toString()));
    assertTrue(err.toString().contains("none.txt"), err.toString());
  }

  @Test
  void run_modelThatIsNotThere_fails() {
    model = temporary.resolve("no-model");
    try {
      assertEquals(1, classify("책"));
      assertTrue(err.toString().contains("no-model"), err.toString());
    } finally {
      model = temporary.resolve("tiny");
    }
  }

  @Test
  void run_torchBackendOnAnExport_saysWhichFileItLacks() {
    assertEquals(1, classify("--backend", "torch", "책"));
    assertTrue(err.toString().contains("model.safetensors"), err.toString());
  }

  @Test
  void run_usageErrors_exitWith2() {
    assertEquals(2, classify());
    assertEquals(2, classify("책", "--input", "x.txt"));
    assertEquals(2, classify("--batch-size", "0", "책"));
    assertEquals(2, classify("--max-length", "0", "책"));
    assertEquals(2, classify("--format", "xml", "책"));
    assertEquals(2, classify("--truncation", "tail", "책"));
    assertEquals("", out.toString());
  }

  private void awaitLines(int count, CompletableFuture<Integer> exitCode) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (out.toString().lines().count() < count) {
      assertFalse(exitCode.isDone(), "The command ended before its input");
      assertTrue(System.nanoTime() < end, "No answer came");
      Thread.sleep(10);
    }
  }

  private static byte[] bytes(Object... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (Object part : parts) {
      all.writeBytes(
          part instanceof byte[] bytes ? bytes : part.toString().getBytes(StandardCharsets.UTF_8));
    }
    return all.toByteArray();
  }

  private int classify(String... arguments) {
    List<String> all = new ArrayList<>(List.of("classify", "--device", "cpu"));
    all.addAll(List.of("--model", model.toString()));
    all.addAll(List.of(arguments));
    CommandGroup group = new CommandGroup("Use a model");
    group.add(new ClassifyCommand());
    return new Program(
            List.of(group), Map.of(), new PrintWriter(out, true), new PrintWriter(err, true))
        .run(all.toArray(String[]::new));
  }
}
