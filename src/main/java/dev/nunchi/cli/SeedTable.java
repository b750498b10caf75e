package dev.nunchi.cli;

import dev.nunchi.train.SeedResults;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.Function;

/// What several seeds came to, a line for each, for people.
record SeedTable(SeedResults results) {
  private static final String NONE = "-";

  /// Ends with a line end.
  String text() {
    List<String> names = results.names();
    StringBuilder table = new StringBuilder(line("seed", names, name -> name));
    for (SeedResults.OfSeed one : results.seeds()) {
      table.append(
          line(
              Long.toString(one.seed()),
              names,
              name ->
                  one.figures().containsKey(name)
                      ? number(OptionalDouble.of(one.figures().getOrDefault(name, Double.NaN)))
                      : NONE));
    }
    table.append(line("mean", names, name -> number(results.mean(name))));
    table.append(line("deviation", names, name -> number(results.standardDeviation(name))));
    results
        .best()
        .ifPresent(best ->
            table.append(
                "The best by %s on validation is seed %d, in %s%n"
                    .formatted(results.metric().key(), best.seed(), best.directory())));
    return table.toString();
  }

  private static String line(String first, List<String> names, Function<String, String> cell) {
    StringBuilder line = new StringBuilder("%-10s".formatted(first));
    names.forEach(name -> line.append("%12s".formatted(cell.apply(name))));
    return line.append(System.lineSeparator()).toString();
  }

  private static String number(OptionalDouble value) {
    return value.isPresent() ? String.format(Locale.ROOT, "%.4f", value.getAsDouble()) : NONE;
  }
}
