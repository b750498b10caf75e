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
    assertEquals(new StepPlan(150, 1, 50, 50, 50), steps);
    assertTrue(steps.evaluatesAfter(100));
    assertFalse(steps.evaluatesAfter(99));
    assertEquals(2, steps.epoch(100), 1e-12);
  }

  @Test
  void of_accumulation_makesFewerSteps() {
    StepPlan steps = steps(Map.of("num_train_epochs", "2", "gradient_accumulation_steps", "4"), 50);
    assertEquals(26, steps.total(), "12 steps of four batches and one of two, twice");
    assertEquals(13, steps.evaluateEvery());
    assertEquals(0.96, steps.epoch(12), 1e-12);
    assertEquals(1, steps.epoch(13), 1e-12);
    assertEquals(1.08, steps.epoch(14), 1e-12);
    assertEquals(2, steps.epoch(26), 1e-12);
  }

  @Test
  void of_accumulationOverTheEpoch_isAStepForEachEpoch() {
    StepPlan steps = steps(Map.of("num_train_epochs", "3", "gradient_accumulation_steps", "16"), 3);
    assertEquals(3, steps.total());
    assertEquals(1, steps.epoch(1), 1e-12);
  }

  @Test
  void of_partOfAnEpoch_isItsShareOfSteps() {
    assertEquals(125, steps(Map.of("num_train_epochs", "2.5"), 50).total());
    StepPlan steps =
        steps(Map.of("num_train_epochs", "1.5", "gradient_accumulation_steps", "2"), 5);
    assertEquals(5, steps.total());
    assertEquals(1.8, steps.epoch(5), 1e-12);
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

  private static StepPlan steps(Map<String, String> settings, int batchesOfEpoch) {
    Map<String, String> all = new HashMap<>(settings);
    all.putIfAbsent("eval_steps", "null");
    return StepPlan.of(RecipeReader.read("bert-small", all), batchesOfEpoch);
  }
}
