package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
  @Test
  void fit_roomForAll_showsThemInTheirOrder() {
    assertEquals("step 1  loss 0.5  0:10 left", line().fit(27));
  }

  @Test
  void fit_lessRoom_leavesOutTheHighestRanksFirst() {
    assertEquals("step 1  0:10 left", line().fit(26));
    assertEquals("step 1", line().fit(16));
  }

  @Test
  void fit_noRoomForTheFirst_cutsIt() {
    assertEquals("ste", line().fit(3));
    assertEquals("", line().fit(0));
  }

  @Property
  void fit_any_neverPassesTheWidth(
      @ForAll @IntRange(max = 12) int parts, @ForAll @IntRange(max = 100) int width) {
    ProgressLine line = new ProgressLine();
    IntStream.range(0, parts).forEach(rank -> line.add(rank, "part " + rank));
    assertTrue(line.fit(width).length() <= width);
  }

  private static ProgressLine line() {
    return new ProgressLine().add(0, "step 1").add(2, "loss 0.5").add(1, "0:10 left");
  }
}
