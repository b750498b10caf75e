package dev.nunchi.kubernetes;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/// YAML as plain maps, lists and values, of which none stands in two places.
final class Yaml {
  private Yaml() {}

  /// The documents of a file that hold something.
  static List<Map<String, Object>> documents(String text) {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    List<Map<String, Object>> documents = new ArrayList<>();
    for (Object document :
        new org.yaml.snakeyaml.Yaml(new SafeConstructor(options)).loadAll(text)) {
      if (document != null) {
        documents.add(map(copy(document)));
      }
    }
    return documents;
  }

  /// A patch, which may be a list of operations.
  static Object value(String text) {
    return copy(new org.yaml.snakeyaml.Yaml(new SafeConstructor(new LoaderOptions())).load(text));
  }

  /// Its own copy, also of what stood under an anchor and its aliases.
  static Object copy(Object value) {
    return switch (value) {
      case Map<?, ?> map -> {
        Map<String, Object> copy = new LinkedHashMap<>();
        map.forEach((key, each) -> copy.put(String.valueOf(key), each == null ? null : copy(each)));
        yield copy;
      }
      case List<?> list -> {
        List<Object> copy = new ArrayList<>();
        list.forEach(each -> copy.add(copy(each)));
        yield copy;
      }
      default -> value;
    };
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> map(Object value) {
    return (Map<String, Object>) value;
  }

  @SuppressWarnings("unchecked")
  static List<Object> list(Object value) {
    return (List<Object>) value;
  }

  /// What is under a path of names and of numbers of list items; null where there is nothing.
  static Object at(Object value, Object... path) {
    Object here = value;
    for (Object step : path) {
      here =
          switch (here) {
            case Map<?, ?> map -> map.get(step);
            case List<?> list when step instanceof Integer index && index < list.size() ->
                list.get(index);
            case null, default -> null;
          };
    }
    return here;
  }

  /// The text there, or an empty one.
  static String text(Object value, Object... path) {
    Object there = at(value, path);
    return there == null ? "" : there.toString();
  }

  /// The objects of the list there.
  static List<Map<String, Object>> maps(Object value, Object... path) {
    List<Map<String, Object>> maps = new ArrayList<>();
    if (at(value, path) instanceof List<?> list) {
      list.forEach(each -> maps.add(map(each)));
    }
    return maps;
  }

  /// The texts of the list there.
  static List<String> texts(Object value, Object... path) {
    return at(value, path) instanceof List<?> list
        ? list.stream().map(String::valueOf).toList()
        : List.of();
  }
}
