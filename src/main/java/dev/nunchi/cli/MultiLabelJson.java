package dev.nunchi.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.eval.BinaryCounts;
import dev.nunchi.eval.MultiLabelReport;

/// The figures of a multi-label evaluation as JSON, for programs: `metrics.json`.
final class MultiLabelJson {
  private MultiLabelJson() {}

  static ObjectNode of(MultiLabelReport report) {
    LabelSet labels = report.result().labels();
    ObjectNode json = EvaluationJson.begin(report.subject());
    report.result().metrics().forEach(json::put);
    json.put("count", report.result().counts().getFirst().total());
    ArrayNode names = json.putArray("labels");
    labels.names().forEach(names::add);
    ArrayNode rows = json.putArray("per_class");
    for (int label = 0; label < labels.size(); label++) {
      BinaryCounts counts = report.result().counts().get(label);
      EvaluationJson.scores(rows.addObject(), labels.get(label).name(), counts.scores())
          .put("true_positives", counts.truePositives())
          .put("false_positives", counts.falsePositives())
          .put("false_negatives", counts.falseNegatives())
          .put("true_negatives", counts.trueNegatives());
    }
    ObjectNode both = json.putObject("calibration");
    EvaluationJson.calibration(both.putObject("before"), report.before());
    EvaluationJson.calibration(both.putObject("after"), report.after());
    return json;
  }
}
