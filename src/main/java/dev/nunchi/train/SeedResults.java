package dev.nunchi.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ManifestFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/// The figures on validation of the models that several seeds have given.
///
/// @param metric by which the best of them is told
/// @param seeds in the order in which they were run
public record SeedResults(BestMetric metric, List<OfSeed> seeds) {
  private static final String PREFIX = "validation_";
  private static final String COUNT = "validation_count";

  public SeedResults {
    seeds = List.copyOf(seeds);
  }

  /// One of them.
  ///
  /// @param directory of its model
  /// @param figures by name, for example `macro_f1`; empty where nothing was measured
  public record OfSeed(long seed, Path directory, Map<String, Double> figures) {}

  /// With those of another, as its manifest has them.
  SeedResults with(long seed, Path directory) {
    Map<String, Double> figures = new LinkedHashMap<>();
    ManifestFile.read(directory)
        .map(Manifest::origin)
        .map(Manifest.Origin::quality)
        .orElse(Map.of())
        .forEach((name, value) -> {
          if (name.startsWith(PREFIX) && !name.equals(COUNT)) {
            figures.put(name.substring(PREFIX.length()), value);
          }
        });
    List<OfSeed> all = new ArrayList<>(seeds);
    all.add(new OfSeed(seed, directory, figures));
    return new SeedResults(metric, all);
  }

  /// The names of the figures, the metric's first.
  public List<String> names() {
    return seeds.stream()
        .flatMap(one -> one.figures().keySet().stream())
        .distinct()
        .sorted(Comparator.comparing((String name) -> !name.equals(metric.key())))
        .toList();
  }

  /// The mean over the seeds; empty where there are none.
  public OptionalDouble mean(String name) {
    return seeds.stream()
        .map(one -> one.figures().get(name))
        .filter(value -> value != null)
        .mapToDouble(Double::doubleValue)
        .average();
  }

  /// The standard deviation of the seeds, of which these are a sample; empty of fewer than two.
  public OptionalDouble standardDeviation(String name) {
    double[] values =
        seeds.stream()
            .map(one -> one.figures().get(name))
            .filter(value -> value != null)
            .mapToDouble(Double::doubleValue)
            .toArray();
    if (values.length < 2) {
      return OptionalDouble.empty();
    }
    double mean = mean(name).orElseThrow();
    double squares = 0;
    for (double value : values) {
      squares += (value - mean) * (value - mean);
    }
    return OptionalDouble.of(Math.sqrt(squares / (values.length - 1)));
  }

  /// The one with the best metric, of equal ones the first; empty where nothing was measured.
  public Optional<OfSeed> best() {
    Comparator<OfSeed> byMetric =
        Comparator.comparingDouble(one -> one.figures().getOrDefault(metric.key(), metric.worst()));
    List<OfSeed> measured =
        seeds.stream().filter(one -> one.figures().containsKey(metric.key())).toList();
    return metric.greaterIsBetter()
        ? measured.stream()
            .max(byMetric.thenComparing(measured::indexOf, Comparator.reverseOrder()))
        : measured.stream().min(byMetric.thenComparing(measured::indexOf));
  }

  /// The content of `seeds.json`.
  ObjectNode toJson() {
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("metric", metric.key());
    ArrayNode array = json.putArray("seeds");
    for (OfSeed one : seeds) {
      ObjectNode node =
          array
              .addObject()
              .put("seed", one.seed())
              .put("directory", one.directory().getFileName().toString());
      ObjectNode figures = node.putObject("validation");
      one.figures().forEach(figures::put);
    }
    ObjectNode mean = json.putObject("mean");
    ObjectNode deviation = json.putObject("standard_deviation");
    for (String name : names()) {
      mean(name).ifPresent(value -> mean.put(name, value));
      standardDeviation(name).ifPresent(value -> deviation.put(name, value));
    }
    best()
        .ifPresent(one -> {
          json.put("best_seed", one.seed());
          json.put("best_directory", one.directory().getFileName().toString());
        });
    return json;
  }
}
