package dev.nunchi.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.eval.Calibration;
import dev.nunchi.eval.ClassScores;
import dev.nunchi.eval.ConfusedPair;
import dev.nunchi.eval.ConfusionMatrix;
import dev.nunchi.eval.CoverageCurve;
import dev.nunchi.eval.EvaluationReport;
import dev.nunchi.eval.LengthBucket;
import dev.nunchi.eval.Reliability;
import dev.nunchi.eval.Subject;

/// The figures of an evaluation as JSON, for programs: `metrics.json`.
final class EvaluationJson {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final double[] COVERAGES = {0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1};

  private final EvaluationReport report;
  private final ConfusionMatrix matrix;
  private final LabelSet labels;
  private final ObjectNode json;

  private EvaluationJson(EvaluationReport report) {
    this.report = report;
    this.matrix = report.result().matrix();
    this.labels = matrix.labels();
    this.json = begin(report.subject());
  }

  static ObjectNode of(EvaluationReport report) {
    return new EvaluationJson(report).write();
  }

  private ObjectNode write() {
    report.result().metrics().forEach(json::put);
    json.put("count", matrix.total());
    json.put("maximum_calibration_error", report.after().reliability().maximumCalibrationError());
    json.put("aurc", report.coverage().area());
    json.put("e_aurc", report.coverage().excessArea());
    ArrayNode names = json.putArray("labels");
    labels.names().forEach(names::add);
    perClass();
    confusionMatrix();
    confusedPairs();
    calibration();
    coverage();
    lengths();
    return json;
  }

  static ObjectNode begin(Subject subject) {
    return MAPPER
        .createObjectNode()
        .put("model", subject.model())
        .put("revision", subject.revision())
        .put("data", subject.data());
  }

  static String text(ObjectNode json) {
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  static ObjectNode scores(ObjectNode node, String label, ClassScores scores) {
    return node.put("label", label)
        .put("precision", scores.precision())
        .put("recall", scores.recall())
        .put("f1", scores.f1())
        .put("support", scores.support());
  }

  private void perClass() {
    ArrayNode rows = json.putArray("per_class");
    for (int label = 0; label < labels.size(); label++) {
      scores(rows.addObject(), labels.get(label).name(), matrix.scores(label));
    }
  }

  private void confusionMatrix() {
    ArrayNode rows = json.putArray("confusion_matrix");
    for (int actual = 0; actual < labels.size(); actual++) {
      ArrayNode row = rows.addArray();
      for (int predicted = 0; predicted < labels.size(); predicted++) {
        row.add(matrix.count(actual, predicted));
      }
    }
  }

  private void confusedPairs() {
    ArrayNode rows = json.putArray("confused_pairs");
    for (ConfusedPair pair : report.confusedPairs()) {
      rows.addObject()
          .put("actual", labels.get(pair.actual()).name())
          .put("predicted", labels.get(pair.predicted()).name())
          .put("count", pair.count())
          .put("share_of_actual", pair.shareOfActual())
          .put("share_of_mistakes", pair.shareOfMistakes());
    }
  }

  private void calibration() {
    ObjectNode both = json.putObject("calibration");
    calibration(both.putObject("before"), report.before());
    calibration(both.putObject("after"), report.after());
  }

  static void calibration(ObjectNode node, Calibration calibration) {
    Reliability reliability = calibration.reliability();
    node.put("temperature", calibration.temperature())
        .put("log_loss", calibration.logLoss())
        .put("brier_score", calibration.brierScore())
        .put("expected_calibration_error", reliability.expectedCalibrationError())
        .put("maximum_calibration_error", reliability.maximumCalibrationError());
    ArrayNode bins = node.putArray("bins");
    for (Reliability.Bin bin : reliability.bins()) {
      bins.addObject()
          .put("low", bin.low())
          .put("high", bin.high())
          .put("count", bin.count())
          .put("confidence", bin.confidence())
          .put("accuracy", bin.accuracy());
    }
  }

  private void coverage() {
    ArrayNode rows = json.putArray("accuracy_by_coverage");
    for (double coverage : COVERAGES) {
      CoverageCurve.Point point = report.coverage().at(coverage);
      rows.addObject()
          .put("coverage", coverage)
          .put("accuracy", point.accuracy())
          .put("threshold", point.threshold());
    }
  }

  private void lengths() {
    ArrayNode rows = json.putArray("accuracy_by_length");
    for (LengthBucket bucket : report.lengths()) {
      rows.addObject()
          .put("min_tokens", bucket.least())
          .put("max_tokens", bucket.most())
          .put("count", bucket.count())
          .put("accuracy", bucket.accuracy())
          .put("accuracy_low", bucket.interval().low())
          .put("accuracy_high", bucket.interval().high());
    }
  }
}
