package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StepPlanTest {
  @Test
  void of_defaults_evaluatesAndSavesAfterEachEpoch() {
    StepPlan steps = steps(Map.of("num_train_epochs", "3"), 50);
    assertEquals(new StepPlan(150, 0.02, 50, 50), steps);
    assertTrue(steps.evaluatesAfter(100));
    assertFalse(steps.evaluatesAfter(99));
    assertEquals(2, steps.epoch(100), 1e-12);
  }

  @Test
  void of_accumulation_makesFewerSteps() {
    StepPlan steps = steps(Map.of("num_train_epochs", "2", "gradient_accumulation_steps", "4"), 50);
    assertEquals(25, steps.total());
    assertEquals(2, steps.epoch(25), 1e-12);
  }

  @Test
  void of_evalSteps_areTheStepsOfSavingToo() {
    StepPlan steps = steps(Map.of("eval_steps", "7"), 50);
    assertEquals(7, steps.evaluateEvery());
    assertEquals(7, steps.saveEvery());
    assertTrue(steps.evaluatesAfter(steps.total()), "the last step");
    assertFalse(steps.savesAfter(steps.total()), "the last step is no multiple of 7");
  }

  @Test
  void of_strategyNo_doesNothing() {
    StepPlan steps =
        steps(
            Map.of("eval_strategy", "no", "save_strategy", "no", "load_best_model_at_end", "false"),
            50);
    assertEquals(0, steps.evaluateEvery());
    assertFalse(steps.evaluatesAfter(steps.total()));
    assertFalse(steps.savesAfter(500));
  }

  @Test
  void of_strategySteps_savesAtHuggingFacesDefault() {
    assertEquals(500, steps(Map.of("save_strategy", "steps"), 50).saveEvery());
  }

  @Test
  void of_maxSteps_goesBeforeEpochs() {
    assertEquals(12, steps(Map.of("max_steps", "12", "num_train_epochs", "9"), 50).total());
  }

  private static StepPlan steps(Map<String, String> settings, int batchesOfAnEpoch) {
    Map<String, String> all = new HashMap<>(settings);
    all.putIfAbsent("eval_steps", "null");
    return StepPlan.of(RecipeReader.read("bert-small", all), batchesOfAnEpoch);
  }
}
