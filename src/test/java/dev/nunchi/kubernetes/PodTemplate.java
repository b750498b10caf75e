package dev.nunchi.kubernetes;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The pods that an object makes.
///
/// @param owner the Deployment, Job, CronJob or Service of Knative
/// @param template their metadata and spec
record PodTemplate(Map<String, Object> owner, Map<String, Object> template) {
  static List<PodTemplate> of(List<Map<String, Object>> objects) {
    List<PodTemplate> templates = new ArrayList<>();
    for (Map<String, Object> object : objects) {
      template(object).ifPresent(template -> templates.add(new PodTemplate(object, template)));
    }
    return templates;
  }

  private static Optional<Map<String, Object>> template(Map<String, Object> object) {
    Object template =
        switch (Yaml.text(object, "kind")) {
          case "Deployment", "Job" -> Yaml.at(object, "spec", "template");
          case "CronJob" -> Yaml.at(object, "spec", "jobTemplate", "spec", "template");
          case "Service" -> isKnative(object) ? Yaml.at(object, "spec", "template") : null;
          default -> null;
        };
    return Optional.ofNullable(template).map(Yaml::map);
  }

  static boolean isKnative(Map<String, Object> object) {
    return Yaml.text(object, "apiVersion").startsWith("serving.knative.dev/");
  }

  String name() {
    return Kustomization.id(owner);
  }

  /// Whether its pods answer calls, where others end by themselves.
  boolean isServer() {
    return List.of("Deployment", "Service").contains(Yaml.text(owner, "kind"));
  }

  Map<String, Object> spec() {
    return Yaml.map(template.get("spec"));
  }

  Map<String, Object> labels() {
    Object labels = Yaml.at(template, "metadata", "labels");
    return labels == null ? Map.of() : Yaml.map(labels);
  }

  /// Those that run, and those that run before.
  List<Map<String, Object>> containers() {
    List<Map<String, Object>> all = new ArrayList<>(Yaml.maps(spec(), "initContainers"));
    all.addAll(Yaml.maps(spec(), "containers"));
    return all;
  }

  /// Whether a selector's labels are all those of the pods.
  boolean isSelected(Object labels) {
    return labels instanceof Map<?, ?> map && labels().entrySet().containsAll(map.entrySet());
  }

  boolean hasPort(String name) {
    return containers().stream()
        .flatMap(container -> Yaml.maps(container, "ports").stream())
        .anyMatch(port -> Yaml.text(port, "name").equals(name));
  }

  /// The environment of a container, as far as it stands in the manifests.
  static Map<String, String> environment(
      Map<String, Object> container, List<Map<String, Object>> objects) {
    Map<String, String> environment = new LinkedHashMap<>();
    for (Map<String, Object> source : Yaml.maps(container, "envFrom")) {
      String id = "ConfigMap " + Yaml.text(source, "configMapRef", "name");
      objects.stream()
          .filter(object -> Kustomization.id(object).equals(id))
          .forEach(object ->
              Yaml.map(object.get("data"))
                  .forEach((name, value) -> environment.put(name, value.toString())));
    }
    Yaml.maps(container, "env")
        .forEach(
            variable -> environment.put(Yaml.text(variable, "name"), Yaml.text(variable, "value")));
    return environment;
  }
}
