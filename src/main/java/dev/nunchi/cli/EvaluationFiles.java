package dev.nunchi.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.data.Example;
import dev.nunchi.eval.ConfusionMatrix;
import dev.nunchi.eval.EvaluationResult;
import dev.nunchi.infer.Prediction;
import dev.nunchi.model.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.StringJoiner;

/// The files of an evaluation: `metrics.json` and `predictions.tsv`.
///
/// @param directory made where it does not exist
record EvaluationFiles(Path directory) {

  void write(
      Manifest manifest,
      Path data,
      List<Example> examples,
      List<Prediction> predictions,
      EvaluationResult result) {
    try {
      Files.createDirectories(directory);
      replace("metrics.json", metrics(manifest, data, result));
      replace("predictions.tsv", predictions(manifest.labels(), examples, predictions));
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, directory + " cannot be written", e);
    }
  }

  private static String metrics(Manifest manifest, Path data, EvaluationResult result)
      throws JsonProcessingException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode json = mapper.createObjectNode();
    json.put("model", manifest.name());
    json.put("revision", manifest.revision());
    json.put("data", data.getFileName().toString());
    result.metrics().forEach(json::put);
    ArrayNode labels = json.putArray("labels");
    manifest.labels().names().forEach(labels::add);
    ArrayNode rows = json.putArray("confusion_matrix");
    ConfusionMatrix matrix = result.matrix();
    for (int actual = 0; actual < labels.size(); actual++) {
      ArrayNode row = rows.addArray();
      for (int predicted = 0; predicted < labels.size(); predicted++) {
        row.add(matrix.count(actual, predicted));
      }
    }
    return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n";
  }

  private static String predictions(
      LabelSet labels, List<Example> examples, List<Prediction> predictions) {
    StringBuilder table = new StringBuilder();
    StringJoiner header = new StringJoiner("\t", "", "\n");
    header.add("id").add("label").add("predicted").add("confidence");
    labels.names().forEach(name -> header.add("score_" + name));
    header.add("token_count").add("truncated");
    table.append(header);
    for (int i = 0; i < examples.size(); i++) {
      Prediction prediction = predictions.get(i);
      StringJoiner row = new StringJoiner("\t", "", "\n");
      row.add(examples.get(i).id()).add(examples.get(i).label()).add(prediction.best().name());
      row.add("%.6f".formatted(prediction.confidence()));
      prediction.scores().toList().forEach(score -> row.add("%.6f".formatted(score)));
      row.add(Integer.toString(prediction.tokenCount()));
      row.add(Boolean.toString(prediction.truncated()));
      table.append(row);
    }
    return table.toString();
  }

  private void replace(String name, String content) throws IOException {
    Path temporary = Files.createTempFile(directory, name, ".tmp");
    Files.writeString(temporary, content);
    Files.move(temporary, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
  }
}
