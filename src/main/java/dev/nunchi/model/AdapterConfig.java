package dev.nunchi.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.Lora;
import dev.nunchi.nn.Modules;
import dev.nunchi.nn.Network;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/// An `adapter_config.json` of PEFT.
///
/// Keys that are not known are passed over, as PEFT does; those that change the mathematics and are
/// not implemented are refused by name where they are set.
///
/// @param file named in errors
record AdapterConfig(Path file, ObjectNode json) {
  static final String FILE_NAME = "adapter_config.json";

  /// Every layer but the head.
  private static final String ALL_LINEAR = "all-linear";

  /// Refused unless null, false or empty.
  private static final List<String> UNREAD =
      List.of(
          "alora_invocation_tokens",
          "arrow_config",
          "fan_in_fan_out",
          "kasa_config",
          "layer_replication",
          "lora_bias",
          "monteclora_config",
          "target_parameters",
          "trainable_token_indices",
          "use_bdlora",
          "use_qalora");

  /// Initial values that leave the base as it is; others take away from it.
  private static final Set<String> PLAIN_INITIALS =
      Set.of("true", "false", "null", "gaussian", "eva", "orthogonal");

  static AdapterConfig read(Path directory) {
    Path file = directory.resolve(FILE_NAME);
    return new AdapterConfig(file, Json.read(file));
  }

  /// The model that it was trained on, whose digest PEFT does not write.
  AdapterBase base(Optional<String> digest) {
    JsonNode name = json.path("base_model_name_or_path");
    if (!name.isTextual() || name.asText().isBlank()) {
      throw invalid("base_model_name_or_path", "the name or the directory of a model", name);
    }
    JsonNode revision = json.path("revision");
    return new AdapterBase(
        name.asText(),
        revision.isTextual() && !revision.asText().isBlank()
            ? Optional.of(revision.asText())
            : Optional.empty(),
        digest,
        false);
  }

  /// @throws NunchiException `UNSUPPORTED_MODEL` for another kind of adapter or a setting that is
  ///   not implemented, `INVALID_MODEL` for a value that its key does not take
  Lora lora() {
    JsonNode type = json.path("peft_type");
    if (!type.asText().equals("LORA")) {
      throw unsupported("peft_type", type, "LORA is");
    }
    for (String key : UNREAD) {
      JsonNode value = json.path(key);
      boolean unset =
          value.isMissingNode()
              || value.isNull()
              || value.isBoolean() && !value.booleanValue()
              || value.isContainerNode() && value.isEmpty();
      if (!unset) {
        throw unsupported(key, value, "an adapter without it is");
      }
    }
    if (!json.path("bias").asText("none").equals("none")) {
      throw unsupported("bias", json.path("bias"), "none is");
    }
    JsonNode initial = json.path("init_lora_weights");
    if (!initial.isMissingNode() && !PLAIN_INITIALS.contains(initial.asText())) {
      throw unsupported(
          "init_lora_weights",
          initial,
          "it takes away from the base; one that PEFT has converted to a plain LoRA is");
    }
    return new Lora(
        whole("r", json.path("r"), 8),
        number("lora_alpha", json.path("lora_alpha"), 8),
        dropout(),
        Optional.ofNullable(json.get("target_modules"))
            .filter(value -> !value.isNull())
            .map(value -> modules("target_modules", value)),
        isAbsent("exclude_modules")
            ? Modules.NONE
            : modules("exclude_modules", json.path("exclude_modules")),
        ranks(),
        alphas(),
        flag("use_rslora"),
        flag("use_dora"),
        isAbsent("modules_to_save")
            ? List.of()
            : strings("modules_to_save", json.path("modules_to_save")).stream()
                .filter(name -> !Lora.HEADS.contains(name))
                .toList());
  }

  private double dropout() {
    double dropout = number("lora_dropout", json.path("lora_dropout"), 0);
    if (!(dropout >= 0 && dropout < 1)) {
      throw invalid("lora_dropout", "a number in [0, 1)", json.path("lora_dropout"));
    }
    return dropout;
  }

  private SequencedMap<String, Integer> ranks() {
    SequencedMap<String, Integer> ranks = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : pattern("rank_pattern")) {
      ranks.put(entry.getKey(), whole("rank_pattern", entry.getValue(), 0));
    }
    return ranks;
  }

  private SequencedMap<String, Double> alphas() {
    SequencedMap<String, Double> alphas = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : pattern("alpha_pattern")) {
      alphas.put(entry.getKey(), number("alpha_pattern", entry.getValue(), 0));
    }
    return alphas;
  }

  private Set<Map.Entry<String, JsonNode>> pattern(String key) {
    if (isAbsent(key)) {
      return Set.of();
    }
    JsonNode value = json.path(key);
    if (!value.isObject()) {
      throw invalid(key, "an object", value);
    }
    for (Map.Entry<String, JsonNode> entry : value.properties()) {
      requireRegex(key, entry.getKey());
    }
    return value.properties();
  }

  private Modules modules(String key, JsonNode value) {
    if (value.isArray()) {
      return new Modules.Named(strings(key, value));
    }
    if (!value.isTextual()) {
      throw invalid(key, "a list of names, a regular expression or " + ALL_LINEAR, value);
    }
    if (value.asText().equalsIgnoreCase(ALL_LINEAR)) {
      return new Modules.All();
    }
    requireRegex(key, value.asText());
    return new Modules.Matching(value.asText());
  }

  private void requireRegex(String key, String regex) {
    try {
      Pattern unused = new Modules.Matching(regex).pattern();
    } catch (PatternSyntaxException e) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s: %s has '%s', which is no regular expression: %s"
              .formatted(file, key, regex, e.getDescription()),
          e);
    }
  }

  private List<String> strings(String key, JsonNode value) {
    List<String> strings = new ArrayList<>();
    for (JsonNode each : value) {
      if (!each.isTextual() || each.asText().isBlank()) {
        throw invalid(key, "a list of names", value);
      }
      strings.add(each.asText());
    }
    if (!value.isArray()) {
      throw invalid(key, "a list of names", value);
    }
    return List.copyOf(strings);
  }

  private boolean isAbsent(String key) {
    return json.path(key).isMissingNode() || json.path(key).isNull();
  }

  private boolean flag(String key) {
    JsonNode value = json.path(key);
    if (!isAbsent(key) && !value.isBoolean()) {
      throw invalid(key, "true or false", value);
    }
    return value.asBoolean(false);
  }

  private int whole(String key, JsonNode value, int fallback) {
    if (value.isMissingNode() && fallback > 0) {
      return fallback;
    }
    if (!value.isInt() || value.intValue() < 1) {
      throw invalid(key, "a whole number of at least 1", value);
    }
    return value.intValue();
  }

  private double number(String key, JsonNode value, double fallback) {
    if (value.isMissingNode()) {
      return fallback;
    }
    if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
      throw invalid(key, "a number", value);
    }
    return value.doubleValue();
  }

  private NunchiException invalid(String key, String expected, JsonNode came) {
    return new NunchiException(
        Reason.INVALID_MODEL,
        "%s: %s should be %s, but is %s"
            .formatted(file, key, expected, came.isMissingNode() ? "missing" : came));
  }

  private NunchiException unsupported(String key, JsonNode value, String what) {
    return new NunchiException(
        Reason.UNSUPPORTED_MODEL,
        "%s: the adapter has %s %s, which is not read; %s"
            .formatted(file, key, value.isMissingNode() ? "missing" : value, what));
  }

  /// The file of an adapter of a network, with the keys that PEFT writes.
  ///
  /// @param network with the adapters that `lora` came to
  static ObjectNode written(Lora lora, Network network, AdapterBase base) {
    ObjectNode json = Json.object();
    ObjectNode alphas = json.putObject("alpha_pattern");
    lora.alphaPattern().forEach((key, value) -> put(alphas, key, value));
    json.putNull("auto_mapping");
    json.put("base_model_name_or_path", base.name());
    json.put("bias", "none");
    switch (lora.excluded()) {
      case Modules.Named(List<String> names) when names.isEmpty() ->
          json.putNull("exclude_modules");
      case Modules.Named(List<String> names) -> addAll(json.putArray("exclude_modules"), names);
      case Modules.Matching matching -> json.put("exclude_modules", matching.regex());
      case Modules.All() -> throw new IllegalArgumentException("All layers are excluded");
    }
    json.put("fan_in_fan_out", false);
    json.put("inference_mode", true);
    json.put("init_lora_weights", true);
    json.putNull("layers_pattern");
    json.putNull("layers_to_transform");
    put(json, "lora_alpha", lora.alpha());
    json.put("lora_bias", false);
    json.put("lora_dropout", lora.dropout());
    addAll(
        json.putArray("modules_to_save"),
        Stream.concat(lora.modulesToSave().stream(), Lora.HEADS.stream()).distinct().toList());
    json.put("peft_type", "LORA");
    json.put("r", lora.rank());
    lora.rankPattern().forEach(json.putObject("rank_pattern")::put);
    json.put("revision", base.revision().orElse(null));
    switch (lora.targets().orElseGet(network::usualTargets)) {
      case Modules.Named(List<String> names) -> addAll(json.putArray("target_modules"), names);
      case Modules.Matching matching -> json.put("target_modules", matching.regex());
      // By their names: what PEFT would take for all of them might be others.
      case Modules.All() ->
          addAll(json.putArray("target_modules"), network.adapters().layers().keySet());
    }
    json.put("task_type", "SEQ_CLS");
    json.put("use_dora", lora.decomposed());
    json.put("use_rslora", lora.rankStabilized());
    return json;
  }

  /// A whole number as one, which PEFT's `lora_alpha` is.
  private static void put(ObjectNode json, String key, double value) {
    if (value == Math.rint(value) && Math.abs(value) < Integer.MAX_VALUE) {
      json.put(key, (int) value);
    } else {
      json.put(key, value);
    }
  }

  private static void addAll(ArrayNode array, Iterable<String> values) {
    values.forEach(array::add);
  }
}
