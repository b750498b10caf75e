package dev.nunchi.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/// One line of figures that leaves out the least needed where there is no room for all.
final class ProgressLine {
  private static final String GAP = "  ";

  private record Part(int rank, String text) {}

  private final List<Part> parts = new ArrayList<>();

  /// Adds a figure at the end.
  ///
  /// @param rank the figure of the highest rank is left out first
  ProgressLine add(int rank, String text) {
    parts.add(new Part(rank, text));
    return this;
  }

  /// The figures in the order in which they were added, in at most `width` characters.
  String fit(int width) {
    List<Part> shown = new ArrayList<>(parts);
    while (shown.size() > 1 && join(shown).length() > width) {
      shown.remove(shown.stream().max(Comparator.comparingInt(Part::rank)).orElseThrow());
    }
    String line = join(shown);
    return line.substring(0, Math.min(line.length(), width));
  }

  private static String join(List<Part> parts) {
    return parts.stream().map(Part::text).collect(Collectors.joining(GAP));
  }
}
