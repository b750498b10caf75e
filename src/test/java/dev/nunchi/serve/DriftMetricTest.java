package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.infer.AnswerCounts;
import dev.nunchi.infer.Deadline;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.ModelLoader;
import dev.nunchi.infer.Prediction;
import dev.nunchi.infer.TinyModel;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.text.Truncation;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DriftMetricTest {
  @TempDir private static Path temporary;

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Metrics metrics = new Metrics(meters);

  @Test
  void driftIndex_ofAModelThatIsReplaced_isThatOfTheNewOne() {
    Path directory = TinyModel.write(temporary.resolve("tiny"));
    ServedModel plain = opened(directory);
    ModelRegistry models = new ModelRegistry(List.of(plain));
    metrics.observe(models);
    Prediction prediction =
        plain.classifier().classify("영화 정말 좋다!", Truncation.REJECT, Deadline.NONE).join();
    answer(plain, prediction);
    assertTrue(Double.isNaN(index("label")), "there is no reference");

    AnswerCounts counts = new AnswerCounts(TinyModel.LABELS);
    for (int i = 0; i < 5_000; i++) {
      counts.add(prediction);
    }
    Manifest written = ManifestFile.read(directory).orElseThrow();
    ManifestFile.replace(directory, written.withOrigin(written.origin().with(counts.profile())));
    ServedModel measured = opened(directory);
    models.put(measured);
    assertTrue(Double.isNaN(index("label")), "it has answered nothing");
    answer(measured, prediction);
    assertEquals(0, index("label"), 0.01);
    assertEquals(0, index("confidence"), 0.01);
    assertEquals(0, index("unknown_tokens"), 0.01);

    metrics.forgetCalls(models);
    assertTrue(Double.isNaN(index("label")), "all is forgotten");
    models.close();
  }

  private void answer(ServedModel model, Prediction prediction) {
    for (int i = 0; i < 1_000; i++) {
      metrics.answered(model, Truncation.REJECT, prediction);
    }
  }

  private double index(String aspect) {
    return meters.get("nunchi.drift.index").tags("model", "tiny", "aspect", aspect).gauge().value();
  }

  private static ServedModel opened(Path directory) {
    return new ServedModel("tiny", ModelLoader.load(directory, LoadOptions.DEFAULT));
  }
}
