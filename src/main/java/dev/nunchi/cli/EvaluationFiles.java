package dev.nunchi.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.data.Example;
import dev.nunchi.data.ReadingNotes;
import dev.nunchi.eval.Robustness;
import dev.nunchi.infer.Prediction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/// The files of an evaluation: `metrics.json`, `predictions.tsv` and `report.html`.
///
/// @param directory made where it does not exist
record EvaluationFiles(Path directory) {

  /// @param notes about the rows of the file
  /// @param unknownShare share of the tokens that the vocabulary does not have
  void write(
      EvaluationOutcome outcome,
      ReadingNotes notes,
      double unknownShare,
      Robustness robustness,
      List<Example> examples,
      List<Prediction> predictions) {
    try {
      Files.createDirectories(directory);
      ObjectNode metrics = outcome.metricsJson();
      add(metrics, notes, outcome.cautions());
      metrics.put("unknown_token_share", unknownShare);
      if (!robustness.isEmpty()) {
        NoiseSuite.write(robustness, metrics.putObject("noise"));
      }
      replace("metrics.json", EvaluationJson.text(metrics));
      replace("predictions.tsv", predictions(outcome, examples, predictions));
      replace("report.html", outcome.reportHtml(robustness));
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, directory + " cannot be written", e);
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

  private static String predictions(
      EvaluationOutcome outcome, List<Example> examples, List<Prediction> predictions) {
    StringBuilder table = new StringBuilder();
    StringJoiner header = new StringJoiner("\t", "", "\n");
    header.add("id").add("label").add("predicted").add("confidence");
    outcome.labels().names().forEach(name -> header.add("score_" + TsvAnswers.field(name)));
    header.add("token_count").add("truncated");
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

  private void replace(String name, String content) throws IOException {
    Path temporary = directory.resolve(".%s.%d.tmp".formatted(name, ProcessHandle.current().pid()));
    try {
      Files.writeString(temporary, content);
      Files.move(temporary, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }
}
