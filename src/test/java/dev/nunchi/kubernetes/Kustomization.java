package dev.nunchi.kubernetes;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/// Builds a folder of `k8s/` as `kubectl kustomize` does, as far as the folders there ask for it;
/// what it does not know it refuses.
///
/// The order is kustomize's: resources, components (each of which changes what is there by then),
/// generated ConfigMaps, then patches, the namespace and the images. Names of generated ConfigMaps
/// get a digest of their content, another one than kustomize's.
final class Kustomization {
  private static final Set<String> FIELDS =
      Set.of(
          "apiVersion",
          "kind",
          "namespace",
          "resources",
          "components",
          "images",
          "configMapGenerator",
          "patches");
  static final Set<String> CLUSTER_WIDE = Set.of("Namespace", "PriorityClass");
  private static final String HASHED = "needs-hash";

  private final Sources sources;
  private final Schemas schemas;

  private Kustomization(Sources sources, Schemas schemas) {
    this.sources = sources;
    this.schemas = schemas;
  }

  /// @throws IllegalArgumentException for what kustomize refuses, and what this does not know
  static List<Map<String, Object>> build(Path folder, Sources sources, Schemas schemas) {
    List<Map<String, Object>> objects = new ArrayList<>();
    new Kustomization(sources, schemas).build(folder, "Kustomization", objects);
    return withDigests(objects);
  }

  private void build(Path folder, String kind, List<Map<String, Object>> objects) {
    Path file = folder.resolve("kustomization.yaml");
    Map<String, Object> fields = Yaml.documents(sources.read(file)).getFirst();
    require(fields.get("kind").equals(kind), "%s is no %s", file, kind);
    require(
        fields
            .get("apiVersion")
            .equals(
                "kustomize.config.k8s.io/" + (kind.equals("Component") ? "v1alpha1" : "v1beta1")),
        "%s has another apiVersion",
        file);
    for (String field : fields.keySet()) {
      require(FIELDS.contains(field), "%s has the field %s, which is unknown here", file, field);
    }
    for (String resource : Yaml.texts(fields, "resources")) {
      addResource(folder, resource, objects);
    }
    for (String component : Yaml.texts(fields, "components")) {
      build(folder.resolve(component).normalize(), "Component", objects);
    }
    Yaml.maps(fields, "configMapGenerator").forEach(map -> generate(folder, map, objects));
    Yaml.maps(fields, "patches").forEach(patch -> patch(folder, patch, objects));
    if (fields.get("namespace") instanceof String namespace) {
      objects.forEach(object -> setNamespace(object, namespace));
    }
    Yaml.maps(fields, "images").forEach(image -> setImage(image, objects));
  }

  private void addResource(Path folder, String resource, List<Map<String, Object>> objects) {
    Path path = folder.resolve(resource).normalize();
    List<Map<String, Object>> added = new ArrayList<>();
    if (resource.endsWith(".yaml")) {
      require(!resource.startsWith(".."), "%s is outside of %s", resource, folder);
      added.addAll(Yaml.documents(sources.read(path)));
    } else {
      build(path, "Kustomization", added);
    }
    for (Map<String, Object> object : added) {
      require(
          objects.stream().noneMatch(other -> id(other).equals(id(object))),
          "%s is there twice in %s",
          id(object),
          folder);
      objects.add(object);
    }
  }

  static String id(Map<String, Object> object) {
    return object.get("kind") + " " + Yaml.text(object, "metadata", "name");
  }

  private void generate(
      Path folder, Map<String, Object> generator, List<Map<String, Object>> objects) {
    requireFields(generator, Set.of("name", "behavior", "literals", "files", "options"), folder);
    Map<String, Object> data = new LinkedHashMap<>();
    for (String literal : Yaml.texts(generator, "literals")) {
      int place = literal.indexOf('=');
      require(place > 0, "%s is no NAME=VALUE in %s", literal, folder);
      data.put(literal.substring(0, place), literal.substring(place + 1));
    }
    for (String file : Yaml.texts(generator, "files")) {
      data.put(file, sources.read(folder.resolve(file)));
    }
    String name = Yaml.text(generator, "name");
    Map<String, Object> there =
        objects.stream()
            .filter(object -> id(object).equals("ConfigMap " + name))
            .findFirst()
            .orElse(null);
    if (Yaml.text(generator, "behavior").equals("merge")) {
      require(there != null, "There is no ConfigMap %s to merge into in %s", name, folder);
      Yaml.map(there.get("data")).putAll(data);
      return;
    }
    require(there == null, "ConfigMap %s is there twice in %s", name, folder);
    Map<String, Object> options =
        generator.get("options") == null ? Map.of() : Yaml.map(generator.get("options"));
    requireFields(options, Set.of("disableNameSuffixHash", "labels"), folder);
    Map<String, Object> metadata = new LinkedHashMap<>(Map.of("name", name));
    if (options.get("labels") != null) {
      metadata.put("labels", options.get("labels"));
    }
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("apiVersion", "v1");
    object.put("kind", "ConfigMap");
    object.put("metadata", metadata);
    object.put("data", data);
    if (!Boolean.TRUE.equals(options.get("disableNameSuffixHash"))) {
      object.put(HASHED, true);
    }
    objects.add(object);
  }

  private void patch(Path folder, Map<String, Object> patch, List<Map<String, Object>> objects) {
    requireFields(patch, Set.of("path", "patch", "target"), folder);
    Object change =
        patch.get("patch") instanceof String inline
            ? Yaml.value(inline)
            : Yaml.documents(sources.read(folder.resolve(Yaml.text(patch, "path")))).getFirst();
    if (change instanceof List<?> operations) {
      requireFields(Yaml.map(patch.get("target")), Set.of("kind", "name"), folder);
      objects.stream()
          .filter(object -> isTarget(object, patch.get("target")))
          .forEach(object -> JsonPatch.apply(object, Yaml.list(operations), folder));
      return;
    }
    Map<String, Object> merged = Yaml.map(change);
    Map<String, Object> target =
        objects.stream()
            .filter(object -> id(object).equals(id(merged)))
            .findFirst()
            .orElseThrow(
                () -> new IllegalArgumentException(id(merged) + " is not there, in " + folder));
    schemas.merge(target, merged);
  }

  /// As with kustomize, a target that is not there is no error.
  private static boolean isTarget(Map<String, Object> object, Object target) {
    return Yaml.text(object, "kind").matches(Yaml.text(target, "kind"))
        && (Yaml.at(target, "name") == null
            || Yaml.text(object, "metadata", "name").matches(Yaml.text(target, "name")));
  }

  private static void setNamespace(Map<String, Object> object, String namespace) {
    if (!CLUSTER_WIDE.contains(Yaml.text(object, "kind"))) {
      Yaml.map(object.get("metadata")).put("namespace", namespace);
    }
  }

  private static void setImage(Map<String, Object> image, List<Map<String, Object>> objects) {
    requireFields(image, Set.of("name", "newName", "newTag"), Sources.ROOT);
    String name = Yaml.text(image, "name");
    UnaryOperator<String> change =
        old -> {
          int tag = old.indexOf(':', old.lastIndexOf('/') + 1);
          String repository = tag < 0 ? old : old.substring(0, tag);
          if (!repository.equals(name)) {
            return old;
          }
          return image.getOrDefault("newName", repository)
              + (image.get("newTag") == null ? "" : ":" + image.get("newTag"));
        };
    objects.forEach(object ->
        forEachContainer(
            object,
            container ->
                container.computeIfPresent("image", (_, old) -> change.apply(old.toString()))));
  }

  private static void forEachContainer(Object value, Consumer<Map<String, Object>> consumer) {
    if (value instanceof Map<?, ?> map) {
      for (String list : List.of("containers", "initContainers")) {
        Yaml.maps(map, list).forEach(consumer);
      }
      map.values().forEach(each -> forEachContainer(each, consumer));
    } else if (value instanceof List<?> list) {
      list.forEach(each -> forEachContainer(each, consumer));
    }
  }

  /// Gives each generated ConfigMap its name, there and where it is referred to.
  private static List<Map<String, Object>> withDigests(List<Map<String, Object>> objects) {
    Map<String, String> names = new HashMap<>();
    for (Map<String, Object> object : objects) {
      if (object.remove(HASHED) != null) {
        String name = Yaml.text(object, "metadata", "name");
        String digested = "%s-%08x".formatted(name, object.get("data").hashCode());
        names.put(name, digested);
        Yaml.map(object.get("metadata")).put("name", digested);
      }
    }
    objects.forEach(object -> rename(object, names));
    return objects;
  }

  private static void rename(Object value, Map<String, String> names) {
    if (value instanceof Map<?, ?> map) {
      for (String reference : List.of("configMapRef", "configMapKeyRef", "configMap")) {
        if (map.get(reference) instanceof Map<?, ?> referred) {
          Yaml.map(referred)
              .computeIfPresent(
                  "name", (_, old) -> names.getOrDefault(old.toString(), old.toString()));
        }
      }
      map.values().forEach(each -> rename(each, names));
    } else if (value instanceof List<?> list) {
      list.forEach(each -> rename(each, names));
    }
  }

  private static void requireFields(Map<String, Object> map, Set<String> known, Path folder) {
    for (String field : map.keySet()) {
      require(known.contains(field), "%s has the field %s, which is unknown here", folder, field);
    }
  }

  private static void require(boolean holds, String message, Object... arguments) {
    if (!holds) {
      throw new IllegalArgumentException(message.formatted(arguments));
    }
  }
}
