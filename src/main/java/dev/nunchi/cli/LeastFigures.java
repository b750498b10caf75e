package dev.nunchi.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What the figures of an evaluation have to reach.
///
/// @param least by the names of `metrics.json`
record LeastFigures(Map<String, Double> least) {
  /// @param figures the content of a `metrics.json`, whose values do not matter
  /// @throws NunchiException `INVALID_ARGUMENT` for a name that is no figure of such an evaluation
  void requireNames(ObjectNode figures) {
    for (String name : least.keySet()) {
      if (!figures.path(name).isNumber()) {
        throw new NunchiException(
            Reason.INVALID_ARGUMENT,
            "--at-least names %s, which is no figure of this evaluation; there are %s"
                .formatted(name, String.join(", ", names(figures))));
      }
    }
  }

  /// @param figures the content of `metrics.json`, which has all the names
  /// @param output where the figures were written
  /// @throws NunchiException `FAILED_CHECK` where one is under what it has to reach, or is no
  ///   number
  void require(ObjectNode figures, Path output) {
    least.forEach((name, value) -> {
      double figure = figures.get(name).asDouble();
      if (!(figure >= value)) {
        throw new NunchiException(
            Reason.FAILED_CHECK,
            String.format(
                Locale.ROOT,
                "%s is %.4f, under the %s of --at-least; what the model did is in %s",
                name,
                figure,
                value,
                output));
      }
    });
  }

  private static List<String> names(ObjectNode figures) {
    List<String> names = new ArrayList<>();
    for (Map.Entry<String, JsonNode> figure : figures.properties()) {
      if (figure.getValue().isNumber()) {
        names.add(figure.getKey());
      }
    }
    return names;
  }
}
