package dev.nunchi.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import dev.nunchi.eval.Temperature;
import dev.nunchi.model.CheckpointContents;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.Precision;
import dev.nunchi.model.Probe;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Normalization;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import dev.nunchi.torch.TorchNetwork;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes the network as it is now: a complete Hugging Face directory with manifest, probe and card,
/// beside the old one and moved into its place.
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
      quality.put(
          "validation_" + metric.name().toLowerCase(Locale.ROOT), evaluation.value(metric));
    }
    Map<String, String> provenance = new LinkedHashMap<>();
    put(provenance, "description", recipe.card().description());
    put(provenance, "license", recipe.card().license());
    put(provenance, "data_source", recipe.card().dataSource());
    put(provenance, "base_model", recipe.start().modelNameOrPath());
    provenance.put("training_step", Long.toString(step));
    return new Manifest(
        Manifest.FORMAT_VERSION,
        name(),
        "",
        labels,
        ProblemType.SINGLE_LABEL_CLASSIFICATION,
        normalization,
        null,
        recipe.data().maxLength(),
        Precision.FP32,
        Temperature.fit(validationLabels, evaluation.logits()),
        probe(),
        quality,
        provenance,
        Map.of());
  }

  private String name() {
    String given = recipe.card().name();
    return given == null ? output.toAbsolutePath().normalize().getFileName().toString() : given;
  }

  /// One text at a time, so that no padding has part in it.
  private Probe probe() {
    List<Probe.Case> cases = new ArrayList<>();
    for (String text : ProbeTexts.ALL) {
      Encoding encoding = encoder.encode(text, Truncation.KEEP_HEAD);
      float[] logits =
          network.logits(PaddedBatch.of(List.of(encoding), network.network().padTokenId()))[0];
      List<Integer> ids = new ArrayList<>();
      for (int id : encoding.inputIds()) {
        ids.add(id);
      }
      List<Float> values = new ArrayList<>();
      for (float logit : logits) {
        values.add(logit);
      }
      cases.add(new Probe.Case(text, ids, values));
    }
    return new Probe(cases);
  }

  private static void put(Map<String, String> map, String key, @Nullable String value) {
    if (value != null) {
      map.put(key, value);
    }
  }
}
