package dev.nunchi.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Which files of a published model are read here, so that no others need be fetched: never code,
/// and of weights in several forms only the one that is read.
public final class PublishedFiles {
  /// Configuration, tokenizers (also in forms that only other programs read, of a few megabytes at
  /// most), and what people read.
  private static final String SMALL =
      "config\\.json|generation_config\\.json|adapter_config\\.json|classifier_config\\.json|"
          + "nunchi\\.json|"
          + TokenizerFiles.PATTERN
          + "|spiece\\.model|tokenizer\\.model|";

  private static final String DOCUMENTS =
      "README\\.md|LICEN[SC]E(\\.txt|\\.md)?|NOTICE(\\.txt|\\.md)?|recipe\\.yaml";

  private static final String GRAPH = "model\\.onnx|model\\.onnx[._]data";

  private PublishedFiles() {}

  /// Whether files of such names are a LoRA adapter, which is read with its base, and no model.
  public static boolean areAdapter(Collection<String> names) {
    return names.contains(AdapterConfig.FILE_NAME)
        && AdapterDirectory.weights(names).isPresent()
        && WeightFiles.among(names).isEmpty()
        && !names.contains(ModelDirectory.GRAPH);
  }

  /// All but the weights, among the names of a repository: what says which weights there are comes
  /// with them.
  public static List<String> small(Collection<String> names) {
    Set<String> small = new TreeSet<>();
    names.stream().filter(name -> name.matches(SMALL + DOCUMENTS)).forEach(small::add);
    WeightFiles.among(names)
        .filter(form -> !names.contains(form.single()))
        .ifPresent(form -> small.add(form.index()));
    return List.copyOf(small);
  }

  /// The files of weights, of which a directory holds the index where they are several.
  ///
  /// @throws dev.nunchi.NunchiException `INVALID_MODEL` where the index is none
  public static List<String> weights(Collection<String> names, Path directory) {
    Set<String> weights = new TreeSet<>();
    names.stream().filter(name -> name.matches(GRAPH)).forEach(weights::add);
    if (areAdapter(names)) {
      AdapterDirectory.weights(names).ifPresent(weights::add);
    }
    WeightFiles.among(names)
        .ifPresent(form -> {
          if (names.contains(form.single())) {
            weights.add(form.single());
          } else {
            weights.addAll(form.shards(directory).values());
          }
        });
    return List.copyOf(weights);
  }

  /// Whether a file of that name is read, of whatever model.
  public static boolean isRead(String name) {
    return name.matches(SMALL + DOCUMENTS + "|" + GRAPH) || WeightFiles.isName(name);
  }

  /// Whether a file of that name is for people: the card, a licence, the recipe.
  static boolean isDocument(String name) {
    return name.matches(DOCUMENTS);
  }

  /// Whether a directory has all that a model needs, configuration, weights and a tokenizer, or an
  /// adapter beside its base.
  public static boolean areWhole(Path directory) {
    List<String> names = new ArrayList<>();
    for (Path file : ModelFiles.entries(directory).toList()) {
      if (Files.isRegularFile(file)) {
        names.add(file.getFileName().toString());
      }
    }
    if (areAdapter(names)) {
      return true;
    }
    boolean hasWeights =
        names.contains(ModelDirectory.GRAPH) || WeightFiles.among(names).isPresent();
    return names.contains(CheckpointConfig.FILE_NAME)
        && hasWeights
        && names.stream().anyMatch(name -> name.matches("tokenizer\\.json|vocab\\.txt|.*\\.model"))
        && names.containsAll(weights(names, directory));
  }
}
