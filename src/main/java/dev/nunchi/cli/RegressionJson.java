package dev.nunchi.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.eval.RegressionReport;
import java.util.Objects;

/// The figures of a regression's evaluation as JSON, for programs: `metrics.json`.
final class RegressionJson {
  private RegressionJson() {}

  static ObjectNode of(RegressionReport report) {
    ObjectNode json = EvaluationJson.begin(report.subject());
    report.result().metrics().forEach(json::put);
    json.put("count", Math.round(Objects.requireNonNull(report.result().metrics().get("count"))));
    json.putArray("labels").add(report.name());
    ArrayNode groups = json.putArray("values_by_answer");
    for (RegressionReport.Group group : report.groups()) {
      groups
          .addObject()
          .put("count", group.count())
          .put("answer", group.answer())
          .put("value", group.actual())
          .put("mae", group.absoluteError());
    }
    return json;
  }
}
