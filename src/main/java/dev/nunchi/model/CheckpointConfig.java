package dev.nunchi.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Network;
import dev.nunchi.text.Normalization;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// What a `config.json` says about the classifier beyond its network: labels and problem type.
///
/// @param file named in errors
/// @param json as it stands in the file
record CheckpointConfig(Path file, ObjectNode json) {
  static final String FILE_NAME = "config.json";

  private static final String QUANTIZATION = "quantization_config";

  static CheckpointConfig read(Path directory) {
    return readFile(directory.resolve(FILE_NAME));
  }

  static CheckpointConfig readFile(Path file) {
    return new CheckpointConfig(file, Json.read(file));
  }

  Network network() {
    try {
      return Network.of(json);
    } catch (NunchiException e) {
      throw new NunchiException(
          e.reason(), "%s: %s".formatted(file.toAbsolutePath().getParent(), e.getMessage()), e);
    }
  }

  /// @throws NunchiException `UNSUPPORTED_MODEL` where the weights are quantised in a way that is
  ///   not read
  void requireReadableWeights() {
    if (json.hasNonNull(QUANTIZATION)) {
      QuantizationMethod.requireReadable(json.path(QUANTIZATION), file);
    }
  }

  /// This configuration with the [PadToken] of a decoder that names none; itself of others.
  CheckpointConfig padded() {
    Network network = network();
    if (network.trunk().padIsNamed()) {
      return this;
    }
    ObjectNode copy = json.deepCopy();
    PadToken.of(file.resolveSibling(""), json, network.vocabularySize())
        .ifPresent(id -> copy.put(PadToken.KEY, id));
    return new CheckpointConfig(file, copy);
  }

  /// `vocab_size`, empty where the file has none, as of families that count otherwise.
  OptionalInt vocabularySize() {
    JsonNode size = json.path("vocab_size");
    return size.isInt() ? OptionalInt.of(size.intValue()) : OptionalInt.empty();
  }

  /// The names of `id2label`, else `LABEL_0`, `LABEL_1` … as transformers names them.
  LabelSet labels() {
    JsonNode id2label = json.path("id2label");
    List<Label> labels = new ArrayList<>();
    if (id2label.isEmpty()) {
      for (int i = 0; i < json.path("num_labels").asInt(2); i++) {
        labels.add(Label.of("LABEL_" + i));
      }
    }
    for (int i = 0; i < id2label.size(); i++) {
      JsonNode name = id2label.path(Integer.toString(i));
      // Labels that were numbers when they were saved are named by them, as in transformers.
      if (!(name.isTextual() || name.isNumber()) || name.asText().isBlank()) {
        throw invalid(
            "id2label should have a name for %d".formatted(i),
            name.isMissingNode() ? "has none" : "has " + name);
      }
      labels.add(Label.of(name.asText()));
    }
    try {
      return new LabelSet(labels);
    } catch (IllegalArgumentException e) {
      throw invalid("id2label should name each label once", "does not: " + e.getMessage());
    }
  }

  ProblemType problemType() {
    JsonNode type = json.path("problem_type");
    if (type.isMissingNode() || type.isNull()) {
      // As transformers decides at the first training step.
      return labels().size() == 1
          ? ProblemType.REGRESSION
          : ProblemType.SINGLE_LABEL_CLASSIFICATION;
    }
    for (ProblemType known : ProblemType.values()) {
      if (known.configName().equals(type.asText())) {
        requireLabels(known);
        return known;
      }
    }
    throw new NunchiException(
        Reason.UNSUPPORTED_MODEL,
        "%s: problem_type is %s; supported are %s"
            .formatted(
                file,
                type,
                String.join(
                    ", ",
                    List.of(ProblemType.values()).stream().map(ProblemType::configName).toList())));
  }

  private void requireLabels(ProblemType type) {
    int count = labels().size();
    if (!type.takes(count)) {
      throw new NunchiException(
          Reason.UNSUPPORTED_MODEL,
          "%s: problem_type is %s and there are %d labels; supported are %s"
              .formatted(
                  file,
                  type.configName(),
                  count,
                  type == ProblemType.REGRESSION ? "regressions of one value" : "two or more"));
    }
  }

  /// This configuration for a classifier of other labels; every other key is kept.
  CheckpointConfig with(LabelSet labels, ProblemType problemType) {
    ObjectNode copy = json.deepCopy();
    // transformers takes the number of labels from id2label and warns where both stand.
    copy.remove("num_labels");
    ObjectNode id2label = copy.putObject("id2label");
    ObjectNode label2id = copy.putObject("label2id");
    for (int i = 0; i < labels.size(); i++) {
      id2label.put(Integer.toString(i), labels.get(i).name());
      label2id.put(labels.get(i).name(), i);
    }
    copy.put("problem_type", problemType.configName());
    return new CheckpointConfig(file, copy);
  }

  /// This configuration as it stands beside weights of one type that a [Network] names.
  ObjectNode written(Network network, ElementType type) {
    ObjectNode copy = json.deepCopy();
    copy.put("model_type", network.modelType());
    copy.putArray("architectures").add(network.architecture());
    copy.remove("torch_dtype");
    copy.remove(QUANTIZATION);
    copy.put("dtype", dtype(type));
    return copy;
  }

  private static String dtype(ElementType type) {
    return switch (type) {
      case F64 -> "float64";
      case F32 -> "float32";
      case F16 -> "float16";
      case BF16 -> "bfloat16";
      case I64, I32, I16, I8, U8, BOOL ->
          throw new IllegalArgumentException("A classifier's weights are not " + type);
    };
  }

  /// @throws NunchiException `INVALID_MODEL` where `nunchi.json` says something else
  void requireAgreement(Manifest manifest) {
    LabelSet labels = labels();
    if (!labels.names().equals(manifest.task().labels().names())) {
      throw disagreement("labels", manifest.task().labels().names(), "id2label", labels.names());
    }
    if (json.hasNonNull("problem_type") && problemType() != manifest.task().problemType()) {
      throw disagreement(
          "problem_type",
          manifest.task().problemType().configName(),
          "problem_type",
          problemType().configName());
    }
    if (manifest.text().maxLength() > maxLength()) {
      throw disagreement(
          "max_length", manifest.text().maxLength(), "max_position_embeddings", maxLength());
    }
  }

  private NunchiException disagreement(String key, Object here, String configKey, Object there) {
    return new NunchiException(
        Reason.INVALID_MODEL,
        "%s: %s is %s, but %s of %s is %s"
            .formatted(
                file.resolveSibling(Manifest.FILE_NAME), key, here, configKey, FILE_NAME, there));
  }

  /// A manifest for a directory that has none: no normaliser, no probe, temperature 1.
  Manifest description(Path directory) {
    Provenance provenance = Provenance.of(directory);
    return Manifest.of(
            provenance
                .name()
                .map(name -> name.substring(name.indexOf('/') + 1))
                .orElse(directory.toAbsolutePath().normalize().getFileName().toString()),
            labels(),
            problemType(),
            Normalization.NONE,
            Math.min(maxLength(), TokenizerFiles.maxLength(directory)))
        .withOrigin(new Manifest.Origin(Map.of(), provenance.asSource(), List.of()));
  }

  /// The longest input in tokens.
  int maxLength() {
    return Network.longestInput(json);
  }

  int padTokenId() {
    return Math.max(0, json.path(PadToken.KEY).asInt(0));
  }

  private NunchiException invalid(String expected, String came) {
    return new NunchiException(
        Reason.INVALID_MODEL, "%s: %s, but %s".formatted(file, expected, came));
  }
}
