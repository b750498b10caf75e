package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.TinyModel;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelStartupTest {
  @TempDir static Path temporary;
  private static String tiny = "";

  @BeforeAll
  static void writeModel() {
    tiny = TinyModel.write(temporary.resolve("tiny")).toString();
  }

  @Test
  void models_severalDirectories_areServedUnderTheirNames() {
    try (ModelRegistry models =
        models(
            Map.of(
                "nunchi.models[0].directory", tiny,
                "nunchi.models[1].directory", tiny,
                "nunchi.models[1].name", "movies"))) {
      assertEquals(List.of("tiny", "movies"), names(models));
      assertEquals("tiny", models.find("model", "").name());
      assertEquals("movies", models.find("model", "movies").name());
      NunchiException unknown =
          assertThrows(NunchiException.class, () -> models.find("model", "nobody"));
      assertEquals(Reason.MODEL_NOT_FOUND, unknown.reason());
      assertEquals("model", unknown.field());
    }
  }

  @Test
  void models_oneIsBroken_servesTheOthers() {
    try (ModelRegistry models =
        models(
            Map.of(
                "nunchi.models[0].directory",
                temporary.resolve("none").toString(),
                "nunchi.models[1].directory",
                tiny))) {
      assertEquals(List.of("tiny"), names(models));
    }
  }

  @Test
  void models_noneIsLeft_doesNotStart() {
    NunchiException refused =
        assertThrows(
            NunchiException.class,
            () ->
                models(Map.of("nunchi.models[0].directory", temporary.resolve("none").toString())));
    assertEquals("No model is left to serve", refused.getMessage());
  }

  @Test
  void models_oneNameTwice_doesNotStart() {
    NunchiException refused =
        assertThrows(
            NunchiException.class,
            () ->
                models(
                    Map.of(
                        "nunchi.models[0].directory", tiny,
                        "nunchi.models[1].directory", tiny)));
    assertTrue(String.valueOf(refused.getMessage()).contains("Two models are named tiny"));
  }

  @Test
  void models_noBuiltInModel_doesNotStart() {
    NunchiException refused =
        assertThrows(
            NunchiException.class,
            () -> models(Map.of("nunchi.home", temporary.resolve("empty").toString())));
    String message = String.valueOf(refused.getMessage());
    assertTrue(message.contains(temporary.resolve("empty/models/nsmc-small").toString()), message);
    assertTrue(message.contains("--model"), message);
  }

  @Test
  void models_noneNamed_servesTheBuiltInOnes() {
    try (ModelRegistry models = models(Map.of("nunchi.home", ""))) {
      assertEquals(List.of("nsmc-small", "movie3-small", "nsmc-combined"), names(models));
    }
  }

  private static ModelRegistry models(Map<String, String> properties) {
    Map<String, String> all = new HashMap<>(properties);
    all.put("nunchi.device", "cpu");
    ServeConfig config =
        ServeConfig.from(
            new SmallRyeConfigBuilder()
                .withSources(new PropertiesConfigSource(all, "test", 100))
                .build());
    return new ModelStartup().models(config, new ModelOpener(config));
  }

  private static List<String> names(ModelRegistry models) {
    return models.all().stream().map(ServedModel::name).toList();
  }
}
