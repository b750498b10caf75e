package dev.nunchi.nn;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// How a network is adapted by low-rank adapters, in the terms of PEFT's `LoraConfig`.
///
/// @param rank `r`, at least 1
/// @param alpha `lora_alpha`; an adapter's scale is `alpha / rank`
/// @param dropout share of an adapter's input that training drops, in [0, 1)
/// @param targets layers that are adapted; empty for those that are usual for the family
/// @param excluded layers that are not, though they are targets
/// @param rankPattern other ranks of layers whose name a regular expression matches, wholly or
///   after a dot; the first that does counts
/// @param alphaPattern the same of `alpha`
/// @param rankStabilized whether the scale is `alpha / √rank` (rsLoRA; Kalajdzievski, 2023,
///   <https://arxiv.org/abs/2312.03732>)
/// @param decomposed whether adapters have magnitudes, see [LowRank]
/// @param modulesToSave modules beside the head that are trained in full, by the ends of their
///   names
public record Lora(
    int rank,
    double alpha,
    double dropout,
    Optional<Modules> targets,
    Modules excluded,
    SequencedMap<String, Integer> rankPattern,
    SequencedMap<String, Double> alphaPattern,
    boolean rankStabilized,
    boolean decomposed,
    List<String> modulesToSave) {
  /// What PEFT calls the heads of classifiers.
  public static final List<String> HEADS = List.of("classifier", "score");

  /// The adapter of a layer.
  public LowRank of(String layer) {
    int ownRank = pattern(rankPattern, layer).orElse(rank);
    double ownAlpha = pattern(alphaPattern, layer).orElse(alpha);
    return new LowRank(
        ownRank, ownAlpha / (rankStabilized ? Math.sqrt(ownRank) : ownRank), decomposed);
  }

  /// These settings with further modules that are saved.
  public Lora saving(List<String> further) {
    return new Lora(
        rank,
        alpha,
        dropout,
        targets,
        excluded,
        rankPattern,
        alphaPattern,
        rankStabilized,
        decomposed,
        Stream.concat(modulesToSave.stream(), further.stream()).distinct().toList());
  }

  /// The settings of the same adapters that name each of their layers.
  ///
  /// @param layers by their whole names
  public Lora naming(Collection<String> layers) {
    SequencedMap<String, Integer> ranks = new LinkedHashMap<>();
    SequencedMap<String, Double> alphas = new LinkedHashMap<>();
    for (String layer : layers) {
      pattern(rankPattern, layer).ifPresent(own -> ranks.put(layer.replace(".", "\\."), own));
      pattern(alphaPattern, layer).ifPresent(own -> alphas.put(layer.replace(".", "\\."), own));
    }
    return new Lora(
        rank,
        alpha,
        dropout,
        Optional.of(new Modules.Named(List.copyOf(layers))),
        Modules.NONE,
        ranks,
        alphas,
        rankStabilized,
        decomposed,
        modulesToSave);
  }

  private static <V> Optional<V> pattern(Map<String, V> patterns, String layer) {
    return patterns.entrySet().stream()
        .filter(entry -> isMatched(entry.getKey(), layer))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  /// Whether the regular expression of a pattern matches a layer.
  static boolean isMatched(String regex, String layer) {
    return Pattern.compile("(.*\\.)?(" + regex.replace("(?P<", "(?<") + ")")
        .matcher(layer)
        .matches();
  }
}
