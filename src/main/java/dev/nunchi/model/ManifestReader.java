package dev.nunchi.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.text.Normalization;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Reads `nunchi.json` strictly: every key has to be there, of its type and in its range, and no
/// other key is taken.
final class ManifestReader {
  private static final String SHA256 = "[0-9a-f]{64}";

  private final Path file;
  private final ObjectNode json;

  ManifestReader(Path file, ObjectNode json) {
    this.file = file;
    this.json = json;
  }

  Manifest manifest() {
    // First, so that a newer format is not blamed on its keys.
    int version = whole(json, "format_version", 1, Integer.MAX_VALUE);
    if (version != Manifest.FORMAT_VERSION) {
      throw invalid("format_version", Integer.toString(Manifest.FORMAT_VERSION), version);
    }
    requireKeys(
        json,
        "",
        List.of(
            "format_version",
            "name",
            "revision",
            "labels",
            "problem_type",
            "normalization",
            "input_template",
            "max_length",
            "precision",
            "temperature",
            "probe",
            "quality",
            "provenance",
            "files"));
    LabelSet labels = labels();
    return new Manifest(
        version,
        matching(json, "name", "\\S(.*\\S)?", "a name"),
        matching(json, "revision", "sha256:" + SHA256, "sha256: and 64 hexadecimal digits"),
        labels,
        oneOf("problem_type", ProblemType.values(), ProblemType::configName),
        normalization(),
        inputTemplate(),
        whole(json, "max_length", 1, Integer.MAX_VALUE),
        oneOf("precision", Precision.values(), Precision::manifestName),
        temperature(),
        probe(labels.size()),
        quality(),
        texts("provenance", ".*", "a string"),
        files());
  }

  private LabelSet labels() {
    List<Label> labels = new ArrayList<>();
    for (JsonNode label : array(json, "labels")) {
      requireKeys(label, "labels: ", List.of("name", "polarity"));
      String name = matching(label, "name", "\\S(.*\\S)?", "a name");
      JsonNode polarity = label.path("polarity");
      if (polarity.isNull()) {
        labels.add(Label.of(name));
      } else if (polarity.isNumber() && Math.abs(polarity.doubleValue()) <= 1) {
        labels.add(Label.of(name, polarity.doubleValue()));
      } else {
        throw invalid("polarity of label '%s'".formatted(name), "a number in [-1, 1]", polarity);
      }
    }
    try {
      return new LabelSet(labels);
    } catch (IllegalArgumentException e) {
      throw invalid("labels", "one or more labels of different names", json.path("labels"));
    }
  }

  private Normalization normalization() {
    JsonNode node = json.path("normalization");
    requireKeys(
        node,
        "normalization: ",
        List.of(
            "version",
            "compatibility_forms",
            "invisible_characters",
            "jamo",
            "composition",
            "white_space",
            "max_run"));
    return new Normalization(
        whole(node, "version", 0, Normalization.CURRENT_VERSION),
        flag(node, "compatibility_forms"),
        flag(node, "invisible_characters"),
        flag(node, "jamo"),
        flag(node, "composition"),
        flag(node, "white_space"),
        whole(node, "max_run", 0, Integer.MAX_VALUE));
  }

  private @Nullable String inputTemplate() {
    if (json.path("input_template").isNull()) {
      return null;
    }
    String template = text(json, "input_template");
    if (!template.equals(Manifest.TEXT_AND_CONTEXT)) {
      throw new NunchiException(
          Reason.UNSUPPORTED_MODEL,
          "%s: input_template '%s' is not supported; there are: null, %s"
              .formatted(file, template, Manifest.TEXT_AND_CONTEXT));
    }
    return template;
  }

  private double temperature() {
    JsonNode value = json.path("temperature");
    if (!value.isNumber() || !(value.doubleValue() > 0) || Double.isInfinite(value.doubleValue())) {
      throw invalid("temperature", "a number over 0", value);
    }
    return value.doubleValue();
  }

  private @Nullable Probe probe(int labels) {
    if (json.path("probe").isNull()) {
      return null;
    }
    List<Probe.Case> cases = new ArrayList<>();
    for (JsonNode node : array(json, "probe")) {
      requireKeys(node, "probe: ", List.of("text", "input_ids", "logits"));
      List<Integer> ids = new ArrayList<>();
      for (JsonNode id : array(node, "input_ids")) {
        if (!id.isInt() || id.intValue() < 0) {
          throw invalid("input_ids", "token ids", id);
        }
        ids.add(id.intValue());
      }
      List<Float> logits = new ArrayList<>();
      for (JsonNode logit : array(node, "logits")) {
        if (!logit.isNumber()) {
          throw invalid("logits", "numbers", logit);
        }
        logits.add(logit.floatValue());
      }
      if (ids.isEmpty() || logits.size() != labels) {
        throw invalid(
            "probe",
            "token ids and %d logits in each case".formatted(labels),
            "%d ids and %d logits".formatted(ids.size(), logits.size()));
      }
      cases.add(new Probe.Case(text(node, "text"), List.copyOf(ids), List.copyOf(logits)));
    }
    if (cases.isEmpty()) {
      throw invalid("probe", "null or a list of cases", "empty");
    }
    return new Probe(cases);
  }

  private Map<String, Double> quality() {
    Map<String, Double> quality = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : object("quality").properties()) {
      if (!entry.getValue().isNumber()) {
        throw invalid("quality: " + entry.getKey(), "a number", entry.getValue());
      }
      quality.put(entry.getKey(), entry.getValue().doubleValue());
    }
    return quality;
  }

  private Map<String, String> files() {
    Map<String, String> files = texts("files", SHA256, "64 hexadecimal digits");
    for (String name : files.keySet()) {
      // A name from a file must not lead out of the directory.
      if (!name.matches("[\\w.-]+") || name.startsWith("..")) {
        throw invalid("files", "names of files of this directory", "'" + name + "'");
      }
    }
    return files;
  }

  private Map<String, String> texts(String key, String pattern, String expected) {
    Map<String, String> texts = new TreeMap<>();
    for (String name : (Iterable<String>) object(key)::fieldNames) {
      JsonNode value = object(key).path(name);
      if (!value.isTextual() || !value.textValue().matches("(?s)" + pattern)) {
        throw invalid(key + ": " + name, expected, value);
      }
      texts.put(name, value.textValue());
    }
    return texts;
  }

  private <E extends Enum<E>> E oneOf(String key, E[] values, Function<E, String> name) {
    String text = text(json, key);
    for (E value : values) {
      if (name.apply(value).equals(text)) {
        return value;
      }
    }
    throw invalid(
        key, "one of " + String.join(", ", Arrays.stream(values).map(name).toList()), text);
  }

  private void requireKeys(JsonNode node, String where, List<String> keys) {
    if (!node.isObject()) {
      throw invalid(where.isEmpty() ? "it" : where.replace(": ", ""), "an object", node);
    }
    for (String key : keys) {
      if (!node.has(key)) {
        throw new NunchiException(
            Reason.INVALID_MODEL, "%s: %s%s is missing".formatted(file, where, key));
      }
    }
    for (String key : (Iterable<String>) node::fieldNames) {
      if (!keys.contains(key)) {
        throw new NunchiException(
            Reason.INVALID_MODEL, "%s: %s%s is not a key of it".formatted(file, where, key));
      }
    }
  }

  private int whole(JsonNode node, String key, int least, int most) {
    JsonNode value = node.path(key);
    if (!value.isInt() || value.intValue() < least || value.intValue() > most) {
      throw invalid(key, "a whole number in [%d, %d]".formatted(least, most), value);
    }
    return value.intValue();
  }

  private boolean flag(JsonNode node, String key) {
    if (!node.path(key).isBoolean()) {
      throw invalid(key, "true or false", node.path(key));
    }
    return node.path(key).booleanValue();
  }

  private String text(JsonNode node, String key) {
    return matching(node, key, ".*", "a string");
  }

  private String matching(JsonNode node, String key, String pattern, String expected) {
    JsonNode value = node.path(key);
    if (!value.isTextual() || !value.textValue().matches("(?s)" + pattern)) {
      throw invalid(key, expected, value);
    }
    return value.textValue();
  }

  private JsonNode array(JsonNode node, String key) {
    if (!node.path(key).isArray()) {
      throw invalid(key, "a list", node.path(key));
    }
    return node.path(key);
  }

  private JsonNode object(String key) {
    if (!json.path(key).isObject()) {
      throw invalid(key, "an object", json.path(key));
    }
    return json.path(key);
  }

  private NunchiException invalid(String key, String expected, Object came) {
    boolean absent = came instanceof JsonNode node && node.isMissingNode();
    return new NunchiException(
        Reason.INVALID_MODEL,
        "%s: %s should be %s, but is %s".formatted(file, key, expected, absent ? "missing" : came));
  }
}
