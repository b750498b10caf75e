package dev.nunchi.kubernetes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every folder of `k8s/` that can be applied, without a cluster.
class ManifestsTest {
  static List<Path> overlays() {
    return Sources.overlays();
  }

  @ParameterizedTest
  @MethodSource("overlays")
  void overlay_built_isWhatTheApiTakesAndWeAskFor(Path overlay) {
    assertEquals(
        "", String.join("\n", Manifests.problems(overlay, Sources.onDisk())), overlay.toString());
  }

  @Test
  void overlays_theirComponents_areAllThereAre() throws IOException {
    StringBuilder used = new StringBuilder();
    for (Path overlay : Sources.overlays()) {
      used.append(Files.readString(overlay.resolve("kustomization.yaml")));
    }
    try (Stream<Path> components = Files.list(Sources.ROOT.resolve("components"))) {
      for (Path component : components.toList()) {
        assertTrue(
            used.toString().contains("components/" + component.getFileName()),
            component.toString());
      }
    }
  }

  @Test
  void cronJob_itsJob_isTheOtherJob() {
    assertEquals(spec("training/job", "Job"), spec("training/cronjob", "CronJob"));
    assertEquals(spec("training/job-gpu", "Job"), spec("training/cronjob-gpu", "CronJob"));
  }

  private static Object spec(String folder, String kind) {
    for (Map<String, Object> object :
        Manifests.build(Sources.ROOT.resolve(folder), Sources.onDisk())) {
      if (object.get("kind").equals(kind)) {
        return kind.equals("Job")
            ? object.get("spec")
            : Yaml.at(object, "spec", "jobTemplate", "spec");
      }
    }
    throw new AssertionError("no " + kind);
  }

  /// Several folders stand alone, so they have it each.
  @Test
  void namespace_everywhere_isTheSame() throws IOException {
    String namespace = Files.readString(Path.of("k8s/base/namespace.yaml"));
    assertEquals(namespace, Files.readString(Path.of("k8s/training/base/namespace.yaml")));
    assertEquals(namespace, Files.readString(Path.of("k8s/overlays/knative/namespace.yaml")));
  }

  @Test
  void readme_schemas_areNamedWithTheirVersions() throws IOException {
    String readme = Files.readString(Path.of("k8s/README.md"));
    for (String source : Schemas.read().sources()) {
      assertTrue(readme.contains(source.replaceFirst(".*@v", "")), source);
    }
  }

  @Test
  void readme_everyOverlay_isNamed() throws IOException {
    String readme = Files.readString(Path.of("k8s/README.md"));
    for (Path overlay : Sources.overlays()) {
      assertTrue(readme.contains("`" + Sources.ROOT.relativize(overlay) + "`"), overlay.toString());
    }
  }
}
