package dev.nunchi.kubernetes;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Operations of RFC 6902: add, remove and replace.
final class JsonPatch {
  private JsonPatch() {}

  /// @throws IllegalArgumentException where there is no place for one, or it is another one
  static void apply(Map<String, Object> object, List<Object> operations, Path folder) {
    for (Object operation : operations) {
      try {
        apply(object, Yaml.map(operation));
      } catch (RuntimeException e) {
        throw new IllegalArgumentException(
            "%s: %s of %s: %s"
                .formatted(folder, operation, Kustomization.id(object), e.getMessage()),
            e);
      }
    }
  }

  private static void apply(Map<String, Object> object, Map<String, Object> operation) {
    String[] steps = Yaml.text(operation, "path").substring(1).split("/", -1);
    Object parent = object;
    for (int i = 0; i < steps.length - 1; i++) {
      parent =
          parent instanceof List<?> list
              ? list.get(Integer.parseInt(steps[i]))
              : Yaml.map(parent).get(name(steps[i]));
      require(parent, "no " + steps[i]);
    }
    String last = steps[steps.length - 1];
    Object value = operation.get("value") == null ? null : Yaml.copy(operation.get("value"));
    String op = Yaml.text(operation, "op");
    if (parent instanceof List<?> list) {
      int index = last.equals("-") ? list.size() : Integer.parseInt(last);
      switch (op) {
        case "add" -> Yaml.list(list).add(index, value);
        case "remove" -> list.remove(index);
        case "replace" -> Yaml.list(list).set(index, value);
        default -> throw new IllegalArgumentException("no such operation");
      }
    } else {
      Map<String, Object> map = Yaml.map(parent);
      String name = name(last);
      switch (op) {
        case "add" -> map.put(name, value);
        case "remove" -> require(map.remove(name), "no " + name);
        case "replace" -> require(map.replace(name, value), "no " + name);
        default -> throw new IllegalArgumentException("no such operation");
      }
    }
  }

  private static String name(String step) {
    return step.replace("~1", "/").replace("~0", "~");
  }

  private static void require(Object there, String message) {
    if (there == null) {
      throw new IllegalArgumentException(message);
    }
  }
}
