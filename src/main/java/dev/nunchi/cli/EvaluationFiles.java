package dev.nunchi.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.data.Example;
import dev.nunchi.data.ReadingNotes;
import dev.nunchi.infer.Prediction;
import dev.nunchi.model.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/// The files of an evaluation: `metrics.json`, `predictions.tsv` and `report.html`.
///
/// @param directory made where it does not exist
record EvaluationFiles(Path directory) {
  private static final String METRICS = "metrics.json";
  private static final String PREDICTIONS = "predictions.tsv";
  private static final String REPORT = "report.html";

  void write(EvaluationRun run) {
    EvaluationOutcome outcome = run.outcome();
    @Nullable ComparedModel compared = run.compared();
    ObjectNode metrics = outcome.metricsJson();
    add(metrics, run.notes(), outcome.cautions());
    metrics.put("unknown_token_share", run.unknownShare());
    if (compared != null) {
      compared.write(metrics.putObject("comparison"));
    }
    if (!run.robustness().isEmpty()) {
      NoiseSuite.write(run.robustness(), metrics.putObject("noise"));
    }
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw DurableFiles.notWritten(directory, e);
    }
    DurableFiles.write(directory.resolve(PREDICTIONS), predictions(run));
    DurableFiles.write(
        directory.resolve(REPORT),
        outcome.reportHtml(run.robustness(), compared == null ? null : compared.comparison()));
    // Last, as it tells that the others are an evaluation's.
    DurableFiles.write(directory.resolve(METRICS), EvaluationJson.text(metrics));
  }

  /// Looks whether an evaluation can be written; changes nothing.
  ///
  /// @param overwrite whether an earlier one may be replaced
  /// @throws NunchiException `INVALID_ARGUMENT` naming the file in the way; `IO_FAILURE` where the
  ///   directory may not be written
  void require(boolean overwrite) {
    if (Files.exists(directory) && !Files.isDirectory(directory)) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT, directory + " is no directory; give another --output");
    }
    @Nullable Path up = directory.toAbsolutePath().normalize();
    while (up != null && !Files.exists(up, LinkOption.NOFOLLOW_LINKS)) {
      up = up.getParent();
    }
    if (up == null || !Files.isDirectory(up) || !Files.isWritable(up)) {
      throw new NunchiException(
          Reason.IO_FAILURE, "%s cannot be written, because of %s".formatted(directory, up));
    }
    for (String name : List.of(METRICS, PREDICTIONS, REPORT)) {
      Path file = directory.resolve(name);
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        requireReplaceable(file, overwrite);
      }
    }
  }

  private void requireReplaceable(Path file, boolean overwrite) {
    if (!isEvaluation()) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "%s stands there and is no evaluation's of nunchi; move it away or give another --output"
              .formatted(file));
    }
    if (!overwrite) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "%s holds an evaluation; --overwrite replaces it, or give another --output"
              .formatted(directory));
    }
  }

  private boolean isEvaluation() {
    Path file = directory.resolve(METRICS);
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    try {
      JsonNode json = new ObjectMapper().readTree(file.toFile());
      return json.has("model") && json.has("revision");
    } catch (IOException _) {
      return false;
    }
  }

  private static void add(ObjectNode metrics, ReadingNotes notes, List<String> cautions) {
    metrics.put("empty_texts_left_out", notes.emptyTexts());
    if (!notes.numbers().isEmpty()) {
      ObjectNode numbers = metrics.putObject("label_numbers");
      notes.numbers().forEach(numbers::put);
    }
    ArrayNode sentences = metrics.putArray("notes");
    notes.sentences().forEach(sentences::add);
    cautions.forEach(sentences::add);
  }

  private static String predictions(EvaluationRun run) {
    EvaluationOutcome outcome = run.outcome();
    List<Example> examples = run.examples();
    List<Prediction> predictions = run.predictions();
    @Nullable ComparedModel compared = run.compared();
    if (outcome.problemType() == ProblemType.REGRESSION) {
      return values(examples, predictions);
    }
    StringBuilder table = new StringBuilder();
    StringJoiner header = new StringJoiner("\t", "", "\n");
    header.add("id").add("label").add("predicted").add("confidence");
    outcome.labels().names().forEach(name -> header.add("score_" + TsvAnswers.field(name)));
    header.add("token_count").add("truncated");
    if (compared != null) {
      header.add("predicted_by_other");
    }
    table.append(header);
    for (int i = 0; i < examples.size(); i++) {
      Prediction prediction = predictions.get(i);
      StringJoiner row = new StringJoiner("\t", "", "\n");
      row.add(TsvAnswers.field(examples.get(i).id()));
      row.add(joined(examples.get(i).labels()));
      row.add(joined(outcome.predicted(prediction)));
      row.add(score(prediction.confidence()));
      prediction.scores().toList().forEach(score -> row.add(score(score)));
      row.add(Integer.toString(prediction.tokenCount()));
      row.add(Boolean.toString(prediction.truncated()));
      if (compared != null) {
        row.add(joined(compared.predicted().get(i)));
      }
      table.append(row);
    }
    return table.toString();
  }

  /// The file of a regression.
  private static String values(List<Example> examples, List<Prediction> predictions) {
    StringBuilder table = new StringBuilder("id\tvalue\tpredicted\ttoken_count\ttruncated\n");
    for (int i = 0; i < examples.size(); i++) {
      Prediction prediction = predictions.get(i);
      StringJoiner row = new StringJoiner("\t", "", "\n");
      row.add(TsvAnswers.field(examples.get(i).id()));
      row.add(examples.get(i).label());
      row.add(score(prediction.value().orElseThrow()));
      row.add(Integer.toString(prediction.tokenCount()));
      row.add(Boolean.toString(prediction.truncated()));
      table.append(row);
    }
    return table.toString();
  }

  private static String joined(List<String> labels) {
    return TsvAnswers.field(String.join("|", labels));
  }

  private static String score(double score) {
    return String.format(Locale.ROOT, "%.6f", score);
  }
}
