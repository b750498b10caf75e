package dev.nunchi.kubernetes;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// All that is held against a folder of `k8s/`.
final class Manifests {
  private static final Schemas SCHEMAS = Schemas.read();

  private Manifests() {}

  static List<Map<String, Object>> build(Path folder, Sources sources) {
    return Kustomization.build(folder, sources, SCHEMAS);
  }

  /// What is wrong with it; nothing where it is right.
  static List<String> problems(Path folder, Sources sources) {
    List<Map<String, Object>> objects;
    try {
      objects = build(folder, sources);
    } catch (RuntimeException e) {
      return List.of("cannot be built: " + e.getMessage());
    }
    List<String> problems = new ArrayList<>();
    objects.forEach(object -> problems.addAll(SCHEMAS.problems(object)));
    if (problems.isEmpty()) {
      PodTemplate.of(objects).forEach(pod -> problems.addAll(PodPolicies.problems(pod, objects)));
      problems.addAll(ReferencePolicies.problems(objects));
      problems.addAll(ServerNames.problems(objects));
    }
    return problems;
  }
}
