package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.infer.Deadline;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.ModelLoader;
import dev.nunchi.infer.TinyModel;
import dev.nunchi.serve.StagedModel.Stage;
import dev.nunchi.text.Truncation;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ModelMetersTest {
  @TempDir private static Path temporary;

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Metrics metrics = new Metrics(meters);
  private final LoadedModel tiny =
      ModelLoader.load(TinyModel.write(temporary.resolve("tiny")), LoadOptions.DEFAULT);
  private final ServedModel staged =
      GuardedServer.Models.with(
          "staged", tiny, new StagedModel.Encoding(tiny), new StagedModel.Running());
  private final ModelRegistry models = new ModelRegistry(List.of(staged));
  private final Classification classification =
      new Classification(
          models, new Limits(100, 6, 1000, 4, 4, 8), Allowances.unlimited(), metrics);

  @AfterEach
  void close() {
    StagedModel.forget();
    StagedModel.release();
    models.close();
    tiny.close();
  }

  @Test
  void meters_modelGoesWhileATextWaits_goForGood() throws Exception {
    metrics.observe(models);
    assertEquals("staged", answered(classify()));
    assertEquals(1, texts());
    StagedModel.holdAt(Stage.RUNNING);
    CompletableFuture<Answer> held = classify();
    StagedModel.awaitHeld();
    models.remove("staged");
    assertFalse(held.isDone());
    StagedModel.release();
    assertEquals("staged", answered(held));
    assertTrue(
        meters.getMeters().stream()
            .noneMatch(meter -> "staged".equals(meter.getId().getTag("model"))));
    models.put(staged);
    assertEquals("staged", answered(classify()));
    assertEquals(1, texts());
  }

  private CompletableFuture<Answer> classify() {
    return classification.classify(
        new Query(
            "영화 정말 좋다!",
            "staged",
            "",
            Truncation.REJECT,
            0,
            OptionalDouble.empty(),
            OptionalInt.empty()),
        Deadline.NONE);
  }

  private static String answered(CompletableFuture<Answer> answer) throws Exception {
    return answer.get(10, TimeUnit.SECONDS).model();
  }

  /// How many the meters know of.
  private long texts() {
    return meters.get("nunchi.inference").tag("model", "staged").timer().count();
  }
}
