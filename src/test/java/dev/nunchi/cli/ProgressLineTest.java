package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

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

  private static ProgressLine line() {
    return new ProgressLine().add(0, "step 1").add(2, "loss 0.5").add(1, "0:10 left");
  }
}
