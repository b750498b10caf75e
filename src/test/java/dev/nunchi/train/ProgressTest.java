package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProgressTest {
  private static final BestMetric METRIC = BestMetric.ACCURACY;

  private final Progress progress =
      new Progress(7, new BatchQueue.Position(1, 3), 4_000_000_000L, 0.75, 5, 2);

  @Test
  void of_whatWasWritten_isTheSame() {
    assertEquals(progress, Progress.of(progress.toJson(), METRIC));
    Progress start = Progress.start(METRIC);
    assertEquals(start, Progress.of(start.toJson(), METRIC));
  }

  @ParameterizedTest
  @CsvSource({
    "global_step, -1",
    "global_step, 1e2147483647",
    "epochs_finished, 2147483648",
    "batches_of_epoch, 0.5",
    "batches_of_epoch, 1e999",
    "dropout_masks, null",
    "best_metric, '\"high\"'",
    "best_metric, 1e999",
    "evaluations_without_improvement, []"
  })
  void of_valueThatIsNoCount_isNamed(String key, String value) throws IOException {
    ObjectNode json = progress.toJson();
    json.set(key, new ObjectMapper().readTree(value));
    assertRefused(json, key);
  }

  @Test
  void of_keyThatIsMissing_isNamed() {
    ObjectNode json = progress.toJson();
    json.remove("batches_of_epoch");
    assertRefused(json, "batches_of_epoch should be a whole number of at least 0, but is missing");
  }

  private static void assertRefused(ObjectNode json, String naming) {
    NunchiException refused = assertThrows(NunchiException.class, () -> Progress.of(json, METRIC));
    assertEquals(Reason.INVALID_MODEL, refused.reason());
    assertTrue(
        refused.getMessage().startsWith("trainer_state.json: " + naming), refused.getMessage());
  }
}
