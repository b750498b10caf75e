package dev.nunchi.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import dev.nunchi.eval.Temperature;
import dev.nunchi.model.CheckpointContents;
import dev.nunchi.model.Manifest;
import dev.nunchi.text.Normalization;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.torch.TorchNetwork;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes the network as it is now: a complete Hugging Face directory with manifest, probe and
/// card, beside the old one and moved into its place.
final class CheckpointSaver {
  private final Recipe recipe;
  private final ObjectNode config;
  private final LabelSet labels;
  private final int[] validationLabels;
  private final Normalization normalization;
  private final TextEncoder encoder;
  private final Path tokenizerDirectory;
  private final TorchNetwork network;
  private final Path output;

  CheckpointSaver(
      Recipe recipe,
      ObjectNode config,
      LabelSet labels,
      int[] validationLabels,
      Normalization normalization,
      TextEncoder encoder,
      Path tokenizerDirectory,
      TorchNetwork network,
      Path output) {
    this.recipe = recipe;
    this.config = config;
    this.labels = labels;
    this.validationLabels = validationLabels;
    this.normalization = normalization;
    this.encoder = encoder;
    this.tokenizerDirectory = tokenizerDirectory;
    this.network = network;
    this.output = output;
  }

  /// @param evaluation of these weights on validation; its logits fit the temperature
  void save(long step, Evaluation evaluation) {
    try (Arena arena = Arena.ofConfined()) {
      Manifest manifest = manifest(step, evaluation);
      new CheckpointContents(
              config,
              labels,
              ProblemType.SINGLE_LABEL_CLASSIFICATION,
              network.weights(arena),
              tokenizerDirectory,
              manifest,
              Map.of(
                  "recipe.yaml", RecipeReader.write(recipe),
                  "README.md", new ModelCard(recipe, manifest).markdown()))
          .write(output);
    }
  }

  private Manifest manifest(long step, Evaluation evaluation) {
    Map<String, Double> quality = new LinkedHashMap<>();
    for (BestMetric metric : BestMetric.values()) {
      quality.put("validation_" + metric.name().toLowerCase(Locale.ROOT), evaluation.value(metric));
    }
    Map<String, String> provenance = new LinkedHashMap<>();
    put(provenance, "description", recipe.card().description());
    put(provenance, "license", recipe.card().license());
    put(provenance, "data_source", recipe.card().dataSource());
    put(provenance, "base_model", recipe.start().modelNameOrPath());
    provenance.put("training_step", Long.toString(step));
    return Manifest.of(
            name(),
            labels,
            ProblemType.SINGLE_LABEL_CLASSIFICATION,
            normalization,
            recipe.data().maxLength())
        .withTemperature(Temperature.fit(validationLabels, evaluation.logits()))
        .withProbe(new ProbeRecorder(encoder).record(network))
        .withRecord(quality, provenance);
  }

  private String name() {
    String given = recipe.card().name();
    return given == null ? output.toAbsolutePath().normalize().getFileName().toString() : given;
  }

  private static void put(Map<String, String> map, String key, @Nullable String value) {
    if (value != null) {
      map.put(key, value);
    }
  }
}
