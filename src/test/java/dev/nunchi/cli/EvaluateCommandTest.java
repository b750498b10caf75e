package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.data.Noise;
import dev.nunchi.infer.TinyModel;
import dev.nunchi.model.AnswerProfile;
import dev.nunchi.model.Digests;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.nn.TinyCheckpoint;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateCommandTest {
  private static final List<String> TEXTS =
      List.of(
          "정말 재미있게 봤어요",
          "시간이 아깝다",
          "그럭저럭 볼만했는데 뒤로 갈수록 지루했어요",
          "배우들 연기는 좋았지만 이야기가 뻔해요",
          "최고예요 <b>또</b> 볼래요 & 추천",
          "음악이 좋았어요");

  @TempDir private static Path temporary;
  private static Path model = Path.of("");
  private static Path data = Path.of("");

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void writeModelAndData() throws IOException {
    model = TinyModel.write(temporary.resolve("tiny"));
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 2 * TEXTS.size(); i++) {
      String label = List.of("부정", "중립", "긍정").get(i % 3);
      rows.append(
          "{\"id\":\"%d\",\"text\":\"%s %d\",\"label\":\"%s\"}\n"
              .formatted(i, TEXTS.get(i % TEXTS.size()), i, label));
    }
    data = Files.writeString(temporary.resolve("test.jsonl"), rows);
  }

  @Test
  void run_atLeast_failsUnderIt() throws IOException {
    Path output = temporary.resolve("least");
    assertEquals(0, evaluate(output, "--at-least", "accuracy=0", "--at-least", "macro_f1=0"));
    assertEquals(1, evaluate(output, "--overwrite", "--at-least", "accuracy=1.1"));
    assertTrue(
        err.toString().contains(", under the 1.1 of --at-least; what the model did is in "),
        err.toString());
    assertTrue(Files.exists(output.resolve("metrics.json")));
  }

  @Test
  void run_atLeastOfNoFigure_namesThoseThatThereAre() {
    Path output = temporary.resolve("no-figure");
    assertEquals(1, evaluate(output, "--at-least", "acuracy=0.9"));
    assertTrue(err.toString().contains("--at-least names acuracy"), err.toString());
    assertTrue(err.toString().contains("accuracy, "), err.toString());
    assertFalse(err.toString().contains("Classifying"), err.toString());
    assertFalse(Files.exists(output.resolve("metrics.json")));
  }

  /// What is checked before is what the evaluation has.
  @Test
  void ofMadeUpText_everyProblemType_hasTheFiguresOfAnEvaluation() throws IOException {
    for (String type : List.of("single_label_classification", "multi_label_classification")) {
      Path typed =
          rewritten(
              temporary.resolve("figures-" + type),
              text -> text.replace("single_label_classification", type));
      Path output = temporary.resolve("figures-of-" + type);
      assertEquals(
          0, run("evaluate", "--model", typed, "--data", data, "--output", output), err::toString);
      // The share of unknown tokens is of the run, not of what was found.
      List<String> found = new ArrayList<>(figures(metrics(output)));
      found.remove("unknown_token_share");
      found.remove("empty_texts_left_out");
      assertEquals(
          found,
          figures(
              EvaluationOutcome.ofMadeUpText(ManifestFile.read(typed).orElseThrow())
                  .metricsJson()));
    }
  }

  private static List<String> figures(JsonNode metrics) {
    return metrics.properties().stream()
        .filter(figure -> figure.getValue().isNumber())
        .map(Map.Entry::getKey)
        .toList();
  }

  @Test
  void run_setReferenceWithoutManifest_isRefusedBeforeTheTextsAreRead() {
    Path output = temporary.resolve("no-manifest");
    Path checkpoint = TinyCheckpoint.BERT.path();
    assertEquals(
        1,
        run(
            "evaluate",
            "--model",
            checkpoint,
            "--data",
            data,
            "--output",
            output,
            "--set-reference"));
    assertEquals(
        "nunchi: %s has no nunchi.json, which --set-reference would write into; export the model first%n"
            .formatted(checkpoint),
        err.toString());
    assertFalse(Files.exists(output));
  }

  @Test
  void run_setReferenceOfAModelThatWasPulled_isRefused() throws IOException {
    Path home = temporary.resolve("home");
    Map<String, String> environment =
        Map.of("HF_HUB_CACHE", home.resolve("hub").toString(), "NUNCHI_CACHE", home.toString());
    Path ofHub = home.resolve("hub/models--team--tiny/snapshots/" + "a".repeat(40));
    Path ofRegistry = home.resolve("models/sha256-" + "b".repeat(64));
    for (Path pulled : List.of(ofHub, ofRegistry)) {
      Files.createDirectories(pulled.getParent());
      TinyModel.write(pulled);
      String before = Files.readString(pulled.resolve("nunchi.json"));
      assertEquals(1, setReference(environment, pulled));
      assertTrue(
          err.toString().startsWith("nunchi: " + pulled + " is of a model that was pulled"),
          err::toString);
      assertEquals(before, Files.readString(pulled.resolve("nunchi.json")));
      err.getBuffer().setLength(0);
    }
    Path own = TinyModel.write(home.resolve("hub/my-model"));
    assertEquals(0, setReference(environment, own), err::toString);
  }

  private int setReference(Map<String, String> environment, Path directory) {
    return InProcess.run(
        environment,
        out,
        err,
        "evaluate",
        "--model",
        directory,
        "--data",
        data,
        "--output",
        temporary.resolve("of-pulled"),
        "--set-reference");
  }

  @Test
  void run_setReference_writesHowTheModelAnswersIntoItsManifest() throws IOException {
    Path own = TinyModel.write(temporary.resolve("with-reference"));
    Path output = temporary.resolve("reference");
    assertEquals(
        0,
        run("evaluate", "--model", own, "--data", data, "--output", output, "--set-reference"),
        err::toString);
    AnswerProfile reference =
        Objects.requireNonNull(ManifestFile.read(own).orElseThrow().origin().reference());
    assertEquals(12, reference.count());
    JsonNode confusion = metrics(output).get("confusion_matrix");
    for (int label = 0; label < 3; label++) {
      int column = label;
      assertEquals(
          confusion.valueStream().mapToLong(row -> row.get(column).longValue()).sum(),
          reference.labels().get(TinyModel.LABELS.get(label).name()));
    }
    // What is served is still what it was.
    assertEquals(
        0,
        run("evaluate", "--model", own, "--data", data, "--output", output, "--overwrite"),
        err::toString);
    assertEquals(reference, ManifestFile.read(own).orElseThrow().origin().reference());
  }

  @Test
  void run_setReferenceUnderAtLeast_writesNone() throws IOException {
    Path own = TinyModel.write(temporary.resolve("not-good-enough"));
    String before = Files.readString(own.resolve("nunchi.json"));
    assertEquals(
        1,
        run(
            "evaluate",
            "--model",
            own,
            "--data",
            data,
            "--output",
            temporary.resolve("not-good"),
            "--set-reference",
            "--at-least",
            "accuracy=1.1"));
    assertEquals(before, Files.readString(own.resolve("nunchi.json")));
  }

  @Test
  void run_threeLabels_writesThreeFilesOfOneEvaluation() throws IOException {
    Path output = temporary.resolve("evaluation");
    assertEquals(0, evaluate("--output", output), err::toString);
    JsonNode metrics = metrics(output);
    assertEquals("tiny", metrics.get("model").textValue());
    assertEquals("test.jsonl", metrics.get("data").textValue());
    assertTrue(metrics.get("count").isIntegralNumber());
    assertEquals(12, metrics.get("count").intValue());
    assertEquals(3, metrics.get("per_class").size());
    JsonNode calibration = metrics.get("calibration");
    assertEquals(1, calibration.get("before").get("temperature").doubleValue());
    assertEquals(2, calibration.get("after").get("temperature").doubleValue());
    assertEquals(
        metrics.get("expected_calibration_error"),
        calibration.get("after").get("expected_calibration_error"));
    assertEquals(12, sum(calibration.get("before").get("bins")));
    assertEquals(12, sum(metrics.get("accuracy_by_length")));
    JsonNode coverage = metrics.get("accuracy_by_coverage");
    assertEquals(
        metrics.get("accuracy").doubleValue(),
        coverage.get(coverage.size() - 1).get("accuracy").doubleValue(),
        1e-12);
    assertTrue(metrics.get("aurc").doubleValue() >= metrics.get("e_aurc").doubleValue());
    long mistakes = Math.round(12 * (1 - metrics.get("accuracy").doubleValue()));
    assertEquals(mistakes, sum(metrics.get("confused_pairs")));
    String report = Files.readString(output.resolve("report.html"));
    assertTrue(report.startsWith("<!DOCTYPE html>"));
    assertTrue(report.contains("sha256:"));
    assertFalse(report.contains("<b>"));
    assertEquals(13, Files.readAllLines(output.resolve("predictions.tsv")).size());
    try (Stream<Path> files = Files.list(output)) {
      assertEquals(
          List.of("metrics.json", "predictions.tsv", "report.html"),
          files.map(file -> file.getFileName().toString()).sorted().toList());
    }
    assertFalse(err.toString().contains("\r"), "progress is for terminals");
  }

  @Test
  void run_numbersAndEmptyTexts_areSaidAndRecorded() throws IOException {
    Path numbers =
        Files.writeString(
            temporary.resolve("numbers.txt"),
            "id\tdocument\tlabel\n1\t좋아요\t1\n2\t\t1\n3\t별로예요\t0\n4\t\u3164\t0\n");
    Path output = temporary.resolve("of-numbers");
    assertEquals(
        0, run("evaluate", "--model", model, "--data", numbers, "--output", output), err::toString);
    assertTrue(err.toString().contains("0 = 부정 (1 row), 1 = 중립 (1 row); no row has '긍정'"));
    assertTrue(err.toString().contains("2 texts are empty and were left out"), err::toString);
    JsonNode metrics = metrics(output);
    assertEquals(2, metrics.get("count").intValue());
    assertEquals(2, metrics.get("empty_texts_left_out").intValue());
    assertEquals("중립", metrics.get("label_numbers").get("1").textValue());
    assertTrue(metrics.get("unknown_token_share").isNumber());
    List<String> notes = metrics.get("notes").valueStream().map(JsonNode::textValue).toList();
    assertTrue(notes.get(0).contains("2 texts are empty"), notes::toString);
    assertTrue(notes.get(1).contains("0 = 부정 (1 row)"), notes::toString);
    assertTrue(notes.get(2).contains("is that of 2 texts; with 95 % confidence"), notes::toString);
    assertTrue(
        notes.stream().allMatch(note -> err.toString().contains("Note: " + note)), err::toString);
  }

  @Test
  void run_again_writesTheSameBytes() throws IOException {
    Path first = temporary.resolve("first");
    Path second = temporary.resolve("second");
    assertEquals(0, evaluate("--output", first), err::toString);
    assertEquals(0, evaluate("--output", second), err::toString);
    assertEquals(0, evaluate("--output", second, "--overwrite"), err::toString);
    for (String name : List.of("metrics.json", "predictions.tsv", "report.html")) {
      assertEquals(-1, Files.mismatch(first.resolve(name), second.resolve(name)), name);
    }
  }

  @Test
  void run_overAnotherEvaluation_isRefusedUnasked() throws IOException {
    Path output = temporary.resolve("kept");
    assertEquals(0, evaluate("--output", output), err::toString);
    // As of another model, so that a replaced file would differ.
    Path metrics = output.resolve("metrics.json");
    Files.writeString(metrics, Files.readString(metrics).replace("\"tiny\"", "\"mine\""));
    Map<String, String> before = contents(output);
    assertTrue(
        Objects.requireNonNull(before.get("metrics.json")).contains("mine"), before::toString);
    err.getBuffer().setLength(0);
    assertEquals(1, evaluate("--output", output));
    assertEquals(
        "nunchi: %s holds an evaluation; --overwrite replaces it, or give another --output%n"
            .formatted(output),
        err.toString());
    assertEquals(before, contents(output));
    // Any one of its files is as good as all.
    for (String name : List.of("predictions.tsv", "report.html")) {
      Files.delete(output.resolve(name));
    }
    assertEquals(1, evaluate("--output", output));
    assertEquals(0, evaluate("--output", output, "--overwrite"), err::toString);
    assertEquals("tiny", metrics(output).get("model").textValue());
  }

  @Test
  void run_overFilesOfSomeoneElse_isRefusedAlsoWithOverwrite() throws IOException {
    for (String name : List.of("metrics.json", "predictions.tsv", "report.html")) {
      Path output = Files.createDirectory(temporary.resolve("of-another-" + name));
      Files.writeString(output.resolve(name), "{\"mine\": true}");
      assertEquals(1, evaluate("--output", output, "--overwrite"));
      assertTrue(
          err.toString().contains(output.resolve(name) + " stands there and is no evaluation's"),
          err::toString);
      assertEquals(Map.of(name, "{\"mine\": true}"), contents(output));
    }
  }

  @Test
  void run_trainingLogInTheModel_isInTheReport() throws IOException {
    Path logged = TinyModel.write(temporary.resolve("logged"));
    Files.writeString(
        logged.resolve("metrics.jsonl"),
        """
        {"step":1,"loss":0.9,"learning_rate":1e-4}
        {"step":2,"loss":0.8,"learning_rate":2e-4}
        {"step":2,"eval_loss":0.7,"eval_accuracy":0.6}
        """);
    Path output = temporary.resolve("with-curves");
    assertEquals(
        0, run("evaluate", "--model", logged, "--data", data, "--output", output), err::toString);
    assertTrue(Files.readString(output.resolve("report.html")).contains("learning-loss"));
  }

  @Test
  void run_batchSizeOfNone_isAUsageError() {
    Path output = temporary.resolve("no-batch");
    assertEquals(2, evaluate("--output", output, "--batch-size", "0"));
    assertTrue(err.toString().contains("--batch-size is at least 1, not 0"), err::toString);
    assertFalse(Files.exists(output));
  }

  @Test
  void run_multiLabelModel_measuresEveryLabel() throws IOException {
    Path multi =
        rewritten(
            temporary.resolve("multi"),
            text -> text.replace("single_label_classification", "multi_label_classification"));
    ObjectMapper mapper = new ObjectMapper();
    List<String> labels = TinyModel.LABELS.names();
    Path rows =
        Files.writeString(
            temporary.resolve("multi.tsv"),
            "id\tdocument\tlabel\n1\t좋은 영화\t%s|%s\n2\t나쁜 영화\t%s\n3\t그냥 영화\t\n"
                .formatted(labels.get(0), labels.get(1), labels.get(1)));
    Path output = temporary.resolve("multi-evaluation");
    assertEquals(
        0,
        run(
            "evaluate",
            "--model",
            multi,
            "--data",
            rows,
            "--output",
            output,
            "--noise",
            "full_width"),
        err::toString);
    JsonNode metrics = mapper.readTree(output.resolve("metrics.json").toFile());
    assertEquals(3, metrics.get("count").intValue());
    assertEquals(1, metrics.get("per_class").get(0).get("support").intValue());
    assertEquals(2, metrics.get("per_class").get(1).get("support").intValue());
    assertTrue(out.toString().contains("hamming_loss"), out::toString);
    JsonNode noise = metrics.get("noise");
    assertEquals(
        metrics.get("subset_accuracy").doubleValue(), noise.get("accuracy").doubleValue(), 1e-12);
    assertEquals(0, noise.get("mean").get("flips").doubleValue(), "no digit or mark to widen");
    assertTrue(Files.readString(output.resolve("report.html")).contains("Hamming"));
    List<String> predictions = Files.readAllLines(output.resolve("predictions.tsv"));
    assertTrue(predictions.get(1).startsWith("1\t"), predictions.toString());
    assertTrue(predictions.get(1).split("\t", -1)[1].contains("|"), predictions.get(1));
  }

  @Test
  void run_anotherModelOfTheSameLabels_isComparedTextByText() throws IOException {
    Path other = withLabelsTurned(temporary.resolve("turned"));
    Path output = temporary.resolve("compared");
    assertEquals(0, evaluate("--output", output, "--compare", other), err::toString);
    int[] counts = new int[4];
    List<String> lines = Files.readAllLines(output.resolve("predictions.tsv"));
    assertTrue(lines.getFirst().endsWith("\ttruncated\tpredicted_by_other"), lines::getFirst);
    for (String line : lines.subList(1, lines.size())) {
      String[] fields = line.split("\t", -1);
      String others = fields[fields.length - 1];
      assertEquals(turned(fields[2]), others, "labels are matched by name");
      counts[(fields[1].equals(fields[2]) ? 0 : 2) + (fields[1].equals(others) ? 0 : 1)]++;
    }
    assertTrue(counts[1] + counts[2] > 0, "the two differ");
    JsonNode metrics = metrics(output);
    JsonNode comparison = metrics.get("comparison");
    assertEquals(counts[0], comparison.get("both_right").intValue());
    assertEquals(counts[1], comparison.get("this_right_alone").intValue());
    assertEquals(counts[2], comparison.get("other_right_alone").intValue());
    assertEquals(counts[3], comparison.get("neither_right").intValue());
    assertEquals(
        metrics.get("accuracy").doubleValue() - comparison.get("accuracy").doubleValue(),
        comparison.get("accuracy_difference").doubleValue(),
        1e-12);
    // Both are called tiny.
    assertEquals(other.toString(), comparison.get("model").textValue());
    assertTrue(comparison.get("mcnemar_p").isNumber());
    assertTrue(out.toString().contains("McNemar's exact test: p = "), out::toString);
    assertTrue(Files.readString(output.resolve("report.html")).contains("id=\"comparison\""));
  }

  @Test
  void run_modelOfOtherLabels_isNotCompared() throws IOException {
    Path other = rewritten(temporary.resolve("others"), text -> text.replace("중립", "보통"));
    Path output = temporary.resolve("not-compared");
    assertEquals(1, evaluate("--output", output, "--compare", other));
    assertTrue(
        err.toString()
            .contains(
                "%s has the labels 부정, 중립, 긍정 and %s has 부정, 보통, 긍정; models of the same labels"
                    .formatted(model, other)),
        err::toString);
    assertFalse(Files.exists(output));
  }

  @Test
  void run_noise_tellsDropAndFlipsOfEveryKind() throws IOException {
    Path output = temporary.resolve("noise");
    assertEquals(0, evaluate("--output", output, "--noise"), err::toString);
    JsonNode metrics = metrics(output);
    JsonNode noise = metrics.get("noise");
    assertEquals(metrics.get("accuracy").doubleValue(), noise.get("accuracy").doubleValue(), 1e-12);
    assertEquals(
        Stream.of(Noise.values()).map(Noise::key).toList(),
        noise.get("kinds").valueStream().map(kind -> kind.get("kind").textValue()).toList());
    for (JsonNode kind : noise.get("kinds")) {
      assertEquals(
          noise.get("accuracy").doubleValue() - kind.get("accuracy").doubleValue(),
          kind.get("accuracy_drop").doubleValue(),
          1e-12);
      assertTrue(out.toString().contains(kind.get("kind").textValue()), out::toString);
      assertTrue(err.toString().contains("With noise " + kind.get("kind").textValue()));
    }
    JsonNode fullWidth = noise.get("kinds").get(Noise.FULL_WIDTH.ordinal());
    assertEquals(1, fullWidth.get("changed").doubleValue(), "every text has a digit");
    assertEquals(0, fullWidth.get("flips").doubleValue(), "the normaliser undoes it");
    assertEquals(
        noise
            .get("kinds")
            .valueStream()
            .mapToDouble(kind -> kind.get("flips").doubleValue())
            .average()
            .orElseThrow(),
        noise.get("mean").get("flips").doubleValue(),
        1e-12);
    assertTrue(Files.readString(output.resolve("report.html")).contains("id=\"noise\""));
    Path again = temporary.resolve("noise-again");
    assertEquals(0, evaluate("--noise=all", "--output", again), err::toString);
    assertEquals(-1, Files.mismatch(output.resolve("metrics.json"), again.resolve("metrics.json")));
  }

  @Test
  void run_someKinds_areTheOnlyOnes() throws IOException {
    Path output = temporary.resolve("some-noise");
    assertEquals(0, evaluate("--output", output, "--noise", "jamo-split,emoji"), err::toString);
    assertEquals(
        List.of("jamo_split", "emoji"),
        metrics(output)
            .get("noise")
            .get("kinds")
            .valueStream()
            .map(kind -> kind.get("kind").textValue())
            .toList());
  }

  @Test
  void run_unknownNoise_isAUsageErrorThatNamesTheKinds() {
    Path output = temporary.resolve("unknown-noise");
    assertEquals(2, evaluate("--output", output, "--noise", "emoji,static"));
    assertTrue(
        err.toString().contains("some of " + Noise.keys() + " but was 'static'"), err::toString);
    assertFalse(Files.exists(output));
  }

  @Test
  void run_textThatNoiseMakesTooLong_isCutOrRefusedAsTheCommandSays() throws IOException {
    StringBuilder texts = new StringBuilder("id\tdocument\tlabel\n");
    for (int i = 1; i < 9; i++) {
      // As many words as the model takes, each one token whether it is known or not.
      texts.append("%d\t%s\t긍정\n".formatted(i, (i + " ").repeat(22).strip()));
    }
    Path rows = Files.writeString(temporary.resolve("long.tsv"), texts);
    Object[] command = {
      "evaluate",
      "--model",
      model,
      "--data",
      rows,
      "--output",
      temporary.resolve("long"),
      "--overwrite",
    };
    Object[] noise = {"--noise", "emoji"};
    Object[] reject = {"--truncation", "reject"};
    assertEquals(0, runJoined(command, reject), err::toString);
    assertEquals(0, runJoined(command, noise), err::toString);
    assertEquals(1, runJoined(command, noise, reject));
    assertTrue(err.toString().contains(", with noise emoji: "), err::toString);
  }

  @Test
  void help_evaluate_namesTheKindsOfNoise() {
    assertEquals(0, run("evaluate", "--help"));
    String help = out.toString().replaceAll("\\s+", " ");
    assertTrue(help.contains(Noise.keys()), help);
  }

  @Test
  void run_outputThatIsAFile_isRefused() throws IOException {
    Path output = Files.writeString(temporary.resolve("file"), "");
    assertEquals(1, evaluate("--output", output));
    assertTrue(err.toString().contains("file is no directory"), err::toString);
  }

  /// The tiny model with its first and last label the other way round.
  private static Path withLabelsTurned(Path directory) throws IOException {
    return rewritten(
        directory, text -> text.replace("부정", "?").replace("긍정", "부정").replace("?", "긍정"));
  }

  private static String turned(String label) {
    return switch (label) {
      case "부정" -> "긍정";
      case "긍정" -> "부정";
      default -> label;
    };
  }

  /// The tiny model with changes in what its configuration and its manifest say.
  private static Path rewritten(Path directory, UnaryOperator<String> change) throws IOException {
    TinyModel.write(directory);
    Path config = directory.resolve("config.json");
    Path manifest = directory.resolve("nunchi.json");
    String before = sha256(config);
    // As transformers writes it, with its labels escaped.
    String plain = new ObjectMapper().readTree(config.toFile()).toString();
    Files.writeString(config, change.apply(plain));
    String changed = change.apply(Files.readString(manifest));
    Files.writeString(manifest, changed.replace(before, sha256(config)));
    JsonNode written = new ObjectMapper().readTree(manifest.toFile());
    Map<String, String> digests = new HashMap<>();
    written
        .get("files")
        .properties()
        .forEach(file -> digests.put(file.getKey(), file.getValue().textValue()));
    Files.writeString(
        manifest,
        Files.readString(manifest)
            .replace(written.get("revision").textValue(), Digests.revision(digests)));
    return directory;
  }

  private int evaluate(Object... arguments) {
    List<Object> all = new ArrayList<>(List.of("evaluate", "--model", model, "--data", data));
    all.addAll(List.of(arguments));
    return run(all.toArray());
  }

  private int runJoined(Object[]... arguments) {
    return run(Stream.of(arguments).flatMap(Stream::of).toArray());
  }

  private int evaluate(Path output, Object... more) {
    return run(
        Stream.concat(
                Stream.of("evaluate", "--model", model, "--data", data, "--output", output),
                Stream.of(more))
            .toArray());
  }

  private int run(Object... arguments) {
    return InProcess.run(out, err, arguments);
  }

  private static Map<String, String> contents(Path directory) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        contents.put(file.getFileName().toString(), Files.readString(file));
      }
    }
    return contents;
  }

  private static String sha256(Path file) throws IOException {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static JsonNode metrics(Path output) throws IOException {
    return new ObjectMapper().readTree(output.resolve("metrics.json").toFile());
  }

  private static long sum(JsonNode rows) {
    return rows.valueStream().mapToLong(row -> row.get("count").longValue()).sum();
  }
}
