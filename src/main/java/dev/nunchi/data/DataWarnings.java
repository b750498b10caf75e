package dev.nunchi.data;

import dev.nunchi.data.DataReport.Contradictions;
import dev.nunchi.data.DataReport.Overlap;
import dev.nunchi.data.DataReport.Place;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/// Sentences about data that makes a training worse or its scores wrong.
final class DataWarnings {
  private static final int FEW_ROWS = 10;
  private static final int STRONG_IMBALANCE = 20;

  private DataWarnings() {}

  static List<String> of(DataReport report) {
    List<String> warnings = new ArrayList<>();
    report.splits().stream()
        .filter(split -> split.rows() == 0)
        .forEach(split -> warnings.add("The split %s has no row.".formatted(split.name())));
    Map<String, SplitReport> splits =
        report.splits().stream().collect(Collectors.toMap(SplitReport::name, split -> split));
    for (Overlap overlap : report.overlaps()) {
      SplitReport second = Objects.requireNonNull(splits.get(overlap.second()));
      if (overlap.rows().normalized() > 0 && second.isLabelled()) {
        warnings.add(leak(overlap, second.rows()));
      }
    }
    if (report.contradictions().rows().normalized() > 0) {
      warnings.add(contradiction(report.contradictions()));
    }
    for (SplitReport split : report.splits()) {
      if (split.rows() > 0) {
        addRareLabels(split, warnings);
      }
    }
    report.splits().stream()
        .limit(1)
        .forEach(split -> {
          addImbalance(split, warnings);
          addNamesOfOneSpelling(split, warnings);
        });
    report.splits().forEach(split -> addUnknown(split, warnings));
    return List.copyOf(warnings);
  }

  private static String leak(Overlap overlap, int rows) {
    return String.format(
        Locale.ROOT,
        "%s%s has texts of %s in %,d of its %,d rows, word for word in %,d, for example %s and %s."
            + " Its scores will look better than they are.",
        overlap.second().substring(0, 1).toUpperCase(Locale.ROOT),
        overlap.second().substring(1),
        overlap.first(),
        overlap.rows().normalized(),
        rows,
        overlap.rows().exact(),
        place(overlap.examples().getFirst().first()),
        place(overlap.examples().getFirst().second()));
  }

  private static String contradiction(Contradictions contradictions) {
    return String.format(
        Locale.ROOT,
        "Texts have two different labels in %,d rows, word for word in %,d, within a split in %,d,"
            + " for example %s and %s. A model can learn one of them only.",
        contradictions.rows().normalized(),
        contradictions.rows().exact(),
        contradictions.rowsWithinSplits().normalized(),
        labelledPlace(contradictions.examples().getFirst().first()),
        labelledPlace(contradictions.examples().getFirst().second()));
  }

  private static String place(Place place) {
    return "row %d of %s (id %s)".formatted(place.row(), place.split(), Source.shown(place.id()));
  }

  private static String labelledPlace(Place place) {
    String labels = place.labels().isEmpty() ? "no label" : Source.shown(place.labels());
    return labels + " in " + place(place);
  }

  private static void addRareLabels(SplitReport split, List<String> warnings) {
    List<String> missing =
        split.labelRows().entrySet().stream()
            .filter(label -> label.getValue() == 0)
            .map(Map.Entry::getKey)
            .toList();
    if (!missing.isEmpty()) {
      warnings.add(
          "The split %s has no row with the label %s."
              .formatted(split.name(), Source.shown(missing).replace("', '", "' or '")));
    }
    String few =
        split.labelRows().entrySet().stream()
            .filter(label -> label.getValue() > 0 && label.getValue() < FEW_ROWS)
            .map(label -> "%s (%d)".formatted(Source.shown(label.getKey()), label.getValue()))
            .collect(Collectors.joining(", "));
    if (!few.isEmpty()) {
      warnings.add(
          "The split %s has fewer than %d rows with the label %s."
              .formatted(split.name(), FEW_ROWS, few));
    }
  }

  private static void addNamesOfOneSpelling(SplitReport split, List<String> warnings) {
    Map<String, String> names = new HashMap<>();
    for (String label : split.labelRows().keySet()) {
      String other = names.put(label.toLowerCase(Locale.ROOT), label);
      if (other != null) {
        warnings.add(
            "The labels %s and %s differ in case alone; label_mapping makes one of them."
                .formatted(Source.shown(other), Source.shown(label)));
      }
    }
  }

  private static void addUnknown(SplitReport split, List<String> warnings) {
    if (split.unknownShare() != null) {
      UnknownTokens.warning("the split " + split.name(), split.unknownShare())
          .ifPresent(warnings::add);
    }
  }

  private static void addImbalance(SplitReport split, List<String> warnings) {
    if (split.largestToSmallest().orElse(1) > STRONG_IMBALANCE) {
      Comparator<Map.Entry<String, Integer>> byRows = Map.Entry.comparingByValue();
      List<Map.Entry<String, Integer>> labels =
          split.labelRows().entrySet().stream().filter(label -> label.getValue() > 0).toList();
      Map.Entry<String, Integer> largest = Collections.max(labels, byRows);
      Map.Entry<String, Integer> smallest = Collections.min(labels, byRows);
      warnings.add(
          String.format(
              Locale.ROOT,
              "The split %s has %.0f times as many rows with the label %s as with %s (%,d and"
                  + " %,d): a high accuracy may say nothing about the rare one.",
              split.name(),
              split.largestToSmallest().orElseThrow(),
              Source.shown(largest.getKey()),
              Source.shown(smallest.getKey()),
              largest.getValue(),
              smallest.getValue()));
    }
  }
}
