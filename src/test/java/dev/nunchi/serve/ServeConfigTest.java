package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.infer.InferenceOptions.Device;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ServeConfigTest {
  @Test
  void defaults_areTheDocumentedOnes() {
    ServeConfig config = config(Map.of());
    assertEquals(List.of(), config.models());
    assertEquals(Optional.empty(), config.home());
    assertEquals(Device.AUTO, config.device());
    assertEquals(OptionalInt.empty(), config.threads());
    assertEquals(1024, config.queueSize());
    assertEquals(8192, config.limits().maxTextBytes());
    assertEquals(64, config.limits().maxBatchSize());
    assertEquals(256, config.limits().maxStreamItems());
  }

  @Test
  void names_areTheDocumentedOnes() {
    ServeConfig config =
        config(
            Map.of(
                "nunchi.models[0].directory", "a",
                "nunchi.models[1].name", "second",
                "nunchi.models[1].directory", "b",
                "nunchi.home", "/opt/nunchi",
                "nunchi.device", "cuda",
                "nunchi.threads", "3",
                "nunchi.queue-size", "7",
                "nunchi.limits.max-text-bytes", "100",
                "nunchi.limits.max-batch-size", "8",
                "nunchi.limits.max-stream-items", "9"));
    assertEquals(Optional.empty(), config.models().get(0).name());
    assertEquals("a", config.models().get(0).directory());
    assertEquals(Optional.of("second"), config.models().get(1).name());
    assertEquals(Optional.of("/opt/nunchi"), config.home());
    assertEquals(Device.CUDA, config.device());
    assertEquals(OptionalInt.of(3), config.threads());
    assertEquals(7, config.queueSize());
    assertEquals(100, config.limits().maxTextBytes());
    assertEquals(8, config.limits().maxBatchSize());
    assertEquals(9, config.limits().maxStreamItems());
  }

  private static ServeConfig config(Map<String, String> properties) {
    return new SmallRyeConfigBuilder()
        .withMapping(ServeConfig.class)
        .withSources(new PropertiesConfigSource(properties, "test", 100))
        .build()
        .getConfigMapping(ServeConfig.class);
  }
}
