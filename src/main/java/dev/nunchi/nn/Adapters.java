package dev.nunchi.nn;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Which layers of a network are adapted, and what else of it is trained then; what [Lora] comes to
/// for that network.
///
/// @param layers adapters by the layer's name
/// @param dropout of the adapters' inputs
/// @param saved modules that are trained in full, by the ends of their names, the head with them
public record Adapters(Map<String, LowRank> layers, double dropout, List<String> saved) {
  /// No adapters: all parameters are trained.
  public static final Adapters NONE = new Adapters(Map.of(), 0, List.of());

  /// A layer's name that is named in errors stands for all of its kind, as long as there are few.
  private static final int MOST_NAMED = 12;

  /// @throws NunchiException `INVALID_RECIPE` where no layer is adapted, or a name or pattern
  ///   matches none; it names some that are there
  static Adapters of(Lora lora, Network network) {
    List<String> saved = Stream.concat(lora.modulesToSave().stream(), Lora.HEADS.stream()).toList();
    Set<String> modules = modules(network);
    for (String name : lora.modulesToSave()) {
      require(
          Lora.HEADS.contains(name) || modules.stream().anyMatch(module -> module.endsWith(name)),
          "modules_to_save: %s matches no module".formatted(name),
          modules);
    }
    List<String> linears =
        ShapeOps.linearsOf(network).stream()
            .map(Linear::name)
            .filter(name -> !isSaved(name, saved))
            .toList();
    Modules targets = lora.targets().orElseGet(network::usualTargets);
    requireNames("target_modules", targets, linears);
    requireNames("exclude_modules", lora.excluded(), modules);
    Map<String, LowRank> layers = new LinkedHashMap<>();
    for (String name : linears) {
      if (targets.match(name) && !lora.excluded().match(name)) {
        layers.put(name, lora.of(name));
      }
    }
    require(!layers.isEmpty(), noneMatched(targets), linears);
    requirePatterns("rank_pattern", lora.rankPattern().keySet(), layers.keySet());
    requirePatterns("alpha_pattern", lora.alphaPattern().keySet(), layers.keySet());
    return new Adapters(layers, lora.dropout(), saved);
  }

  /// Whether there are any.
  public boolean exist() {
    return !layers.isEmpty();
  }

  /// Whether training changes a parameter.
  boolean train(Parameter parameter) {
    return !exist() || LowRank.isParameter(parameter.name()) || isSaved(parameter.name(), saved);
  }

  /// Whether a parameter, or a layer, belongs to a module that is trained in full.
  private static boolean isSaved(String name, List<String> saved) {
    return Stream.concat(prefixes(name).stream(), Stream.of(name))
        .anyMatch(module -> saved.stream().anyMatch(module::endsWith));
  }

  /// The modules that a parameter is in, from the outermost.
  private static List<String> prefixes(String name) {
    List<String> prefixes = new ArrayList<>();
    for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      prefixes.add(name.substring(0, dot));
    }
    return prefixes;
  }

  private static Set<String> modules(Network network) {
    return network.parameters().stream()
        .flatMap(parameter -> prefixes(parameter.name()).stream())
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private static void requireNames(String key, Modules modules, Collection<String> there) {
    if (modules instanceof Modules.Named(List<String> names)) {
      for (String name : names) {
        require(
            there.stream().anyMatch(module -> Modules.Named.isNamed(module, name)),
            "%s: %s matches no linear layer".formatted(key, name),
            there);
      }
    }
  }

  private static void requirePatterns(String key, Set<String> patterns, Set<String> layers) {
    for (String pattern : patterns) {
      require(
          layers.stream().anyMatch(layer -> Lora.isMatched(pattern, layer)),
          "%s: %s matches no layer that is adapted".formatted(key, pattern),
          layers);
    }
  }

  private static void require(boolean holds, String fault, Collection<String> there) {
    if (!holds) {
      throw new NunchiException(
          Reason.INVALID_RECIPE,
          "lora.%s; %s"
              .formatted(
                  fault, there.isEmpty() ? "the network has none" : "there are " + some(there)));
    }
  }

  /// The last parts of the names, each once.
  private static String some(Collection<String> names) {
    List<String> ends =
        names.stream().map(name -> name.substring(name.lastIndexOf('.') + 1)).distinct().toList();
    String first = names.iterator().next();
    return "%s%s (as %s)"
        .formatted(
            String.join(", ", ends.subList(0, Math.min(MOST_NAMED, ends.size()))),
            ends.size() > MOST_NAMED ? " …" : "",
            first);
  }

  private static String noneMatched(Modules modules) {
    return switch (modules) {
      case Modules.Named(List<String> names) ->
          "target_modules: %s without exclude_modules leaves no linear layer"
              .formatted(String.join(", ", names));
      case Modules.Matching matching ->
          "target_modules: '%s', a regular expression of whole names, matches no linear layer that is not excluded"
              .formatted(matching.regex());
      case Modules.All() -> "target_modules: all-linear without exclude_modules leaves no layer";
    };
  }
}
