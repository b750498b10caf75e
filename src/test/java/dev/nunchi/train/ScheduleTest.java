package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleTest {
  private static final Path FIXTURE = Path.of("src/test/resources/dev/nunchi/train/schedules.json");

  @Test
  void factor_overAllSteps_isThatOfTransformers() throws IOException {
    JsonNode cases = new ObjectMapper().readTree(FIXTURE.toFile());
    assertEquals(7, cases.size());
    for (JsonNode one : cases) {
      Schedule schedule =
          new Schedule(
              Schedule.Type.valueOf(one.get("type").textValue().toUpperCase(Locale.ROOT)),
              one.get("warmup").intValue(),
              one.get("total").intValue());
      for (int step = 0; step < schedule.totalSteps(); step++) {
        assertEquals(
            one.get("factors").get(step).doubleValue(),
            schedule.factor(step),
            1e-12,
            schedule + " at " + step);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    // warmup_steps, warmup_ratio, steps of the run, the warm-up that is taken
    "500, 0, 6, 0",
    "500, 0, 499, 49",
    "500, 0, 500, 50",
    "0, 0.1, 1, 0",
    "0, 0.99, 20, 2"
  })
  void of_warmupAsLongAsTheRun_isShortenedAndSaid(
      int warmupSteps, double warmupRatio, long total, long taken) {
    Recipe.Optimization recipe = optimization(warmupSteps, warmupRatio);
    Schedule schedule = Schedule.of(recipe, total);
    assertEquals(taken, schedule.warmupSteps());
    assertEquals(1, schedule.factor(taken));
    String said = Schedule.boundOf(recipe, total).orElseThrow();
    assertTrue(said.startsWith("The warm-up of "), said);
    assertTrue(said.endsWith("; it takes %d steps instead.".formatted(taken)), said);
  }

  @ParameterizedTest
  @CsvSource({"500, 0, 501, 500", "0, 0.1, 2, 1", "0, 0.5, 20, 10", "0, 0, 1, 0"})
  void of_warmupWithinTheRun_isTakenAsItIs(
      int warmupSteps, double warmupRatio, long total, long taken) {
    Recipe.Optimization recipe = optimization(warmupSteps, warmupRatio);
    assertEquals(taken, Schedule.of(recipe, total).warmupSteps());
    assertEquals(Optional.empty(), Schedule.boundOf(recipe, total));
  }

  private static Recipe.Optimization optimization(int warmupSteps, double warmupRatio) {
    return RecipeReader.read(
            "nsmc-small",
            Map.of(
                "warmup_steps",
                Integer.toString(warmupSteps),
                "warmup_ratio",
                Double.toString(warmupRatio)))
        .optimization();
  }
}
