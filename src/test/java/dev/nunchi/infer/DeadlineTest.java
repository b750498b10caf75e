package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class DeadlineTest {
  @Test
  void passed_atTheMoment_isPassed() {
    Deadline deadline = Deadline.after(Duration.ofNanos(10), 100);
    assertFalse(deadline.passed(109));
    assertTrue(deadline.passed(110));
  }

  @Test
  void passed_clockThatOverflows_isComparedRight() {
    Deadline deadline = Deadline.after(Duration.ofNanos(10), Long.MAX_VALUE - 5);
    assertFalse(deadline.passed(Long.MAX_VALUE));
    assertTrue(deadline.passed(Long.MIN_VALUE + 4));
  }

  @Test
  void passed_none_neverIs() {
    assertFalse(Deadline.NONE.passed(0));
    assertFalse(Deadline.NONE.passed(Long.MAX_VALUE));
  }

  @Test
  void passed_momentZero_isNotNone() {
    assertTrue(new Deadline(0).passed(1));
  }

  @Test
  void after_longerThanAnyClock_isNone() {
    assertEquals(Deadline.NONE, Deadline.after(Duration.ofHours(99_999_999), 5));
  }
}
