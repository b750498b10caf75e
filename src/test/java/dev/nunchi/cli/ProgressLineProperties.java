package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class ProgressLineProperties {
  @Property
  void fit_any_neverPassesTheWidth(
      @ForAll @IntRange(max = 12) int parts, @ForAll @IntRange(max = 100) int width) {
    ProgressLine line = new ProgressLine();
    IntStream.range(0, parts).forEach(rank -> line.add(rank, "part " + rank));
    assertTrue(line.fit(width).length() <= width);
  }
}
