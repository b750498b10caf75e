package dev.nunchi.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/// Ranges that the values of a regression are counted in, in place of labels: each with about as
/// many texts, or one for each value where there are few.
///
/// @param least the smallest value of each range, ascending; a smaller one counts in the first
/// @param names as people read them, ascending
public record ValueRanges(List<Double> least, List<String> names) {
  private static final int MOST = 5;

  public ValueRanges {
    least = List.copyOf(least);
    names = List.copyOf(names);
  }

  /// @param examples of a regression, at least one
  public static ValueRanges of(List<Example> examples) {
    double[] values = examples.stream().mapToDouble(Example::value).sorted().toArray();
    double[] different = Arrays.stream(values).distinct().toArray();
    double[] least =
        apart(
            different.length <= MOST
                ? different
                : IntStream.range(0, MOST)
                    .mapToDouble(i -> values[i * values.length / MOST])
                    .toArray());
    List<String> names = new ArrayList<>();
    for (int i = 0; i < least.length; i++) {
      double end = i + 1 < least.length ? least[i + 1] : values[values.length - 1];
      names.add(
          different.length <= MOST
              ? shown(least[i])
              : "%s to %s%s"
                  .formatted(shown(least[i]), i + 1 < least.length ? "<" : "", shown(end)));
    }
    return new ValueRanges(Arrays.stream(least).boxed().toList(), names);
  }

  /// The example with the name of its range for a label.
  public Example inRange(Example example) {
    int range = 0;
    while (range + 1 < least.size() && least.get(range + 1) <= example.value()) {
      range++;
    }
    return new Example(example.id(), example.text(), List.of(names.get(range)), example.context());
  }

  /// Without those that look like the one before them.
  private static double[] apart(double[] ascending) {
    return IntStream.range(0, ascending.length)
        .filter(i -> i == 0 || !shown(ascending[i]).equals(shown(ascending[i - 1])))
        .mapToDouble(i -> ascending[i])
        .toArray();
  }

  private static String shown(double value) {
    String shown = String.format(Locale.ROOT, "%.4f", value);
    return shown.replaceFirst("\\.?0+$", "");
  }
}
