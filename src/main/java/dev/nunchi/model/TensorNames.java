package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Trunk;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// From the names that a checkpoint has to those of a network.
///
/// Understood are what wrappers put before and into names (`module.` of data parallelism,
/// `_orig_mod.` of `torch.compile`, a training program's `model.`, and those of sharding), what the
/// family knows of older names ([Trunk#modernName]), and a trunk saved alone, without its prefix. A
/// name that means no parameter of the network stays as it is.
final class TensorNames {
  /// Parts that no layer is called by, wherever they stand.
  private static final Set<String> WRAPPERS =
      Set.of("module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module");

  /// Parts that a layer may be called by, but not before the trunk.
  private static final Set<String> OUTER =
      Set.of("model", "base_model", "auto_model", "backbone", "network", "net");

  private static final Predicate<String> ADAPTED =
      name -> name.contains(".lora_") || name.contains(".base_layer.");

  private final Path directory;
  private final Set<String> parameters;
  private final Trunk trunk;
  private final boolean bare;

  private TensorNames(Path directory, Network network, Set<String> stored) {
    this.directory = directory;
    this.parameters =
        network.parameters().stream().map(Parameter::name).collect(Collectors.toSet());
    this.trunk = network.trunk();
    this.bare =
        stored.stream()
            .map(TensorNames::unwrapped)
            .noneMatch(n -> n.startsWith(trunk.prefix() + "."));
  }

  /// The name in the network of each stored name.
  ///
  /// @throws NunchiException `INVALID_MODEL` where two stored tensors mean one of the network,
  ///   `UNSUPPORTED_MODEL` where the weights carry adapters
  static Map<String, String> understood(Path directory, Network network, Set<String> stored) {
    for (String name : stored) {
      if (ADAPTED.test(name)) {
        throw new NunchiException(
            Reason.UNSUPPORTED_MODEL,
            "%s: tensor %s belongs to a LoRA adapter among the weights of its base, which is not read; save the adapter alone with peft's save_pretrained, or both as one after merge_and_unload"
                .formatted(directory, name));
      }
    }
    return new TensorNames(directory, network, stored).understood(stored);
  }

  private Map<String, String> understood(Set<String> stored) {
    Map<String, String> understood = new HashMap<>();
    Map<String, String> origins = new HashMap<>();
    for (String name : stored) {
      String meant = meant(name);
      understood.put(name, meant);
      @Nullable String other = origins.put(meant, name);
      if (other != null && parameters.contains(meant)) {
        throw new NunchiException(
            Reason.INVALID_MODEL,
            "%s: tensors %s and %s both mean %s; keep one of them"
                .formatted(directory, other, name, meant));
      }
    }
    return understood;
  }

  private String meant(String name) {
    if (parameters.contains(name)) {
      return name;
    }
    String modern = trunk.modernName(unwrapped(name));
    if (parameters.contains(modern)) {
      return modern;
    }
    String inTrunk = trunk.prefix() + "." + modern;
    return bare && parameters.contains(inTrunk) ? inTrunk : name;
  }

  private static String unwrapped(String name) {
    List<String> parts =
        Arrays.stream(name.split("\\.", -1)).filter(part -> !WRAPPERS.contains(part)).toList();
    int outer = 0;
    while (outer < parts.size() - 1 && OUTER.contains(parts.get(outer))) {
      outer++;
    }
    return String.join(".", parts.subList(outer, parts.size()));
  }

  /// The stored name that ends most like `missing`.
  static String nearest(Set<String> stored, String missing) {
    return stored.stream()
        .max(Comparator.comparingInt(name -> commonEnd(name, missing)))
        .orElse("none");
  }

  private static int commonEnd(String a, String b) {
    int length = 0;
    while (length < Math.min(a.length(), b.length())
        && a.charAt(a.length() - 1 - length) == b.charAt(b.length() - 1 - length)) {
      length++;
    }
    return length;
  }
}
