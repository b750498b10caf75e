package dev.nunchi.data;

import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// The names of the groups of rows whose proportions every split keeps.
///
/// A stratum is the rows with one label. In multi-label data it is the rows with one set of labels,
/// which keeps together what goes together; a set that fewer than [#SMALLEST] rows have counts
/// under its rarest label, because a split would take nothing from many strata of a few rows each.
record Strata(Map<List<String>, String> names) {
  static final int SMALLEST = 10;

  static Strata of(List<Example> examples) {
    Map<List<String>, Integer> setRows = new HashMap<>();
    Map<String, Integer> labelRows = new HashMap<>();
    for (Example example : examples) {
      setRows.merge(example.labels(), 1, Integer::sum);
      example.labels().forEach(label -> labelRows.merge(label, 1, Integer::sum));
    }
    Comparator<String> rarest = Comparator.comparingInt(label -> labelRows.getOrDefault(label, 0));
    Map<List<String>, String> names = new HashMap<>();
    setRows.forEach((labels, rows) ->
        names.put(
            labels,
            rows < SMALLEST && !labels.isEmpty()
                ? Collections.min(labels, rarest)
                : String.join(LabelField.SEPARATOR, labels)));
    return new Strata(names);
  }

  /// @param example one of those that the strata were made of
  String nameOf(Example example) {
    return Objects.requireNonNull(names.get(example.labels()));
  }
}
