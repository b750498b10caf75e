package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MemorySharesTest {
  private final MemoryShares shares = new MemoryShares(1_000);

  @Test
  void take_ofOneAlone_isUpToAll() {
    assertTrue(shares.take(600, 600));
    assertTrue(shares.take(400, 1_000));
    assertFalse(shares.take(1, 1_001));
    assertEquals(1_000, shares.held());
  }

  @Test
  void take_whereAllIsHeld_isAnEqualShareOfThoseWhoHold() {
    assertTrue(shares.take(1_000, 1_000));
    assertTrue(shares.take(300, 300), "the second one has held nothing");
    assertEquals(2, shares.holders());
    assertTrue(shares.take(200, 500));
    assertFalse(shares.take(1, 501));
    assertTrue(shares.take(333, 333), "nor has the third");
    assertFalse(shares.take(1, 334));
  }

  @Test
  void giveBack_ofAll_leavesNothing() {
    assertTrue(shares.take(700, 700));
    assertTrue(shares.take(300, 1_000));
    shares.giveBack(300, 700);
    assertEquals(1, shares.holders());
    shares.giveBack(700, 0);
    assertEquals(0, shares.holders());
    assertEquals(0, shares.held());
    assertTrue(shares.take(1_000, 1_000));
  }
}
