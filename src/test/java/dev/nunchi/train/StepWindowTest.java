package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StepWindowTest {
  private static final long SECOND = 1_000_000_000;

  private final AtomicLong nanos = new AtomicLong(-5 * SECOND);

  @Test
  void add_betweenLoggedSteps_givesNothing() {
    StepWindow window = new StepWindow(4, nanos::get);
    assertTrue(window.add(Steps.step(1, 1)).isEmpty());
    assertTrue(window.add(Steps.step(3, 1)).isEmpty());
    assertTrue(window.add(Steps.step(4, 1)).isPresent());
    assertTrue(window.add(Steps.step(5, 1)).isEmpty());
  }

  @Test
  void add_loggedStep_averagesOverTheTextsAndTakesTheRestFromTheLast() {
    StepWindow window = new StepWindow(2, nanos::get);
    nanos.addAndGet(SECOND);
    Optional<StepWindow.Summary> none =
        window.add(new TrainingListener.Step(1, 10, 0.1, 0.5, 3, 1e-3, 9, 100, 0));
    nanos.addAndGet(3 * SECOND);
    StepWindow.Summary summary =
        window
            .add(new TrainingListener.Step(2, 10, 0.2, 0.25, 1, 2e-3, 8, 300, 0.25))
            .orElseThrow();
    assertTrue(none.isEmpty());
    assertEquals(
        new StepWindow.Summary(2, 0.2, 0.4375, 2e-3, 8, 400, 1 - 400 / 500.0, 100), summary);
  }

  @Test
  void add_afterALoggedStep_beginsAgain() {
    StepWindow window = new StepWindow(1, nanos::get);
    nanos.addAndGet(SECOND);
    assertEquals(4, window.add(Steps.step(1, 4)).orElseThrow().loss());
    nanos.addAndGet(2 * SECOND);
    StepWindow.Summary second = window.add(Steps.step(2, 2)).orElseThrow();
    assertEquals(2, second.loss());
    assertEquals(300, second.tokens());
    assertEquals(0.25, second.paddingShare());
    assertEquals(150, second.tokensPerSecond());
  }

  @Test
  void add_afterAnEvaluation_leavesItsTimeOut() {
    StepWindow window = new StepWindow(2, nanos::get);
    nanos.addAndGet(SECOND);
    assertTrue(window.add(Steps.step(1, 1)).isEmpty());
    nanos.addAndGet(100 * SECOND);
    window.restartClock();
    nanos.addAndGet(SECOND);
    assertEquals(300, window.add(Steps.step(2, 1)).orElseThrow().tokensPerSecond());
  }

  @Test
  void add_lastStep_isLoggedWhateverItsNumber() {
    StepWindow window = new StepWindow(7, nanos::get);
    assertEquals(10, window.add(Steps.step(Steps.TOTAL, 1)).orElseThrow().step());
  }

  @Test
  void construction_noSteps_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> new StepWindow(0, nanos::get));
  }
}
