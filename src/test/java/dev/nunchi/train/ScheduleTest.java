package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;

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
}
