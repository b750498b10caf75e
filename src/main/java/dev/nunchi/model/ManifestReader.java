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
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jboss.logging.Logger;

/// Reads `nunchi.json` strictly: every key of format 1.0 has to be there, of its type and in its
/// range, and keys that are not of the format are refused; in a file of a newer minor version they
/// are said and left out.
final class ManifestReader {
  private static final Logger LOG = Logger.getLogger(ManifestReader.class);

  private static final String SHA256 = "[0-9a-f]{64}";
  private static final String NAME = "\\S(.*\\S)?";

  /// A label is named as its checkpoint has it, blanks at the ends included.
  private static final String LABEL = ".*\\P{javaWhitespace}.*";

  private final Path file;
  private final JsonFields json;

  /// @throws NunchiException `INVALID_MODEL` where it describes a base of adapters and no model
  ManifestReader(Path file, ObjectNode json) {
    if (ExportedBase.isDescribedBy(json)) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s describes a base of adapters, which answers nothing by itself; give it to --base and an adapter of it to --model"
              .formatted(file));
    }
    this.file = file;
    this.json = new JsonFields(file, json);
  }

  Manifest manifest() {
    // First, so that a newer format is not blamed on its keys.
    int minor = minorVersion();
    String name = json.matching("name", NAME, "a name");
    Manifest.Task task = task();
    Manifest manifest =
        new Manifest(
            name,
            task,
            text(),
            proof(task.labels().size()),
            new Manifest.Origin(
                json.numbers("quality"),
                json.texts("provenance", ".*", "a string"),
                json.has("notes") ? json.strings("notes") : List.of(),
                json.has("reference") ? reference(task.labels()) : null));
    List<String> unread = json.unread();
    if (!unread.isEmpty()) {
      tolerate(unread, minor);
    }
    return manifest;
  }

  private int minorVersion() {
    int version = json.whole("format_version", 1, Integer.MAX_VALUE);
    if (version > Manifest.FORMAT_VERSION) {
      throw new NunchiException(
          Reason.UNSUPPORTED_MODEL,
          "%s was written by a newer Nunchi (format_version %d; this one reads %d); update Nunchi"
              .formatted(file, version, Manifest.FORMAT_VERSION));
    }
    return json.has("format_minor") ? json.whole("format_minor", 0, Integer.MAX_VALUE) : 0;
  }

  private void tolerate(List<String> unread, int minor) {
    if (minor <= Manifest.FORMAT_MINOR) {
      throw new NunchiException(
          Reason.INVALID_MODEL, "%s: %s is not a key of it".formatted(file, unread.getFirst()));
    }
    LOG.warnf(
        "%s was written by a newer Nunchi (format %d.%d; this one knows %d.%d); it is used without"
            + " what this one does not know: %s",
        file,
        Manifest.FORMAT_VERSION,
        minor,
        Manifest.FORMAT_VERSION,
        Manifest.FORMAT_MINOR,
        String.join(", ", unread));
  }

  private Manifest.Task task() {
    LabelSet labels = labels();
    ProblemType problemType =
        json.oneOf("problem_type", ProblemType.values(), ProblemType::configName);
    if (!problemType.takes(labels.size())) {
      throw json.invalid(
          "labels",
          problemType == ProblemType.REGRESSION
              ? "one label where problem_type is regression"
              : "two or more labels",
          "a list of %d".formatted(labels.size()));
    }
    return new Manifest.Task(
        labels,
        problemType,
        json.number("temperature", Double.MIN_VALUE, Double.MAX_VALUE, "a number over 0"));
  }

  private LabelSet labels() {
    List<JsonFields> labels = json.objects("labels");
    try {
      return new LabelSet(labels.stream().map(ManifestReader::label).toList());
    } catch (IllegalArgumentException e) {
      throw json.invalid(
          "labels",
          "one or more labels of different names",
          "a list of %d".formatted(labels.size()));
    }
  }

  private static Label label(JsonFields label) {
    String name = label.matching("name", LABEL, "a name that is not blank");
    return label.isNull("polarity")
        ? Label.of(name)
        : Label.of(
            name,
            label.number("polarity", -1, 1, "null or a number in [-1, 1] for '" + name + "'"));
  }

  private Manifest.Text text() {
    return new Manifest.Text(
        normalization(json.object("normalization")),
        json.isNull("input_template") ? null : inputTemplate(),
        json.whole("max_length", 1, Integer.MAX_VALUE));
  }

  private static Normalization normalization(JsonFields json) {
    return new Normalization(
        json.whole("version", 0, Normalization.CURRENT_VERSION),
        json.flag("compatibility_forms"),
        json.flag("invisible_characters"),
        json.flag("jamo"),
        json.flag("composition"),
        json.flag("white_space"),
        json.whole("max_run", 0, Integer.MAX_VALUE));
  }

  private String inputTemplate() {
    String template = json.text("input_template");
    if (!template.equals(Manifest.Text.TEXT_AND_CONTEXT)) {
      throw new NunchiException(
          Reason.UNSUPPORTED_MODEL,
          "%s: input_template '%s' is not supported; there are: null, %s"
              .formatted(file, template, Manifest.Text.TEXT_AND_CONTEXT));
    }
    return template;
  }

  private Manifest.Proof proof(int labels) {
    return new Manifest.Proof(
        json.oneOf("precision", Precision.values(), Precision::manifestName),
        json.matching("revision", "sha256:" + SHA256, "sha256: and 64 hexadecimal digits"),
        json.isNull("probe") ? null : probe(labels),
        digests("files"),
        json.has("documents") ? digests("documents") : Map.of());
  }

  private Probe probe(int labels) {
    List<JsonFields> cases = json.objects("probe");
    if (cases.isEmpty()) {
      throw json.invalid("probe", "null or a list of cases", "empty");
    }
    return new Probe(cases.stream().map(each -> probeCase(each, labels)).toList());
  }

  private Probe.Case probeCase(JsonFields json, int labels) {
    List<Integer> ids = new ArrayList<>();
    for (JsonNode id : json.list("input_ids")) {
      if (!id.isInt() || id.intValue() < 0) {
        throw json.invalid("input_ids", "token ids", id);
      }
      ids.add(id.intValue());
    }
    List<Float> logits = new ArrayList<>();
    for (JsonNode logit : json.list("logits")) {
      if (!logit.isNumber()) {
        throw json.invalid("logits", "numbers", logit);
      }
      logits.add(logit.floatValue());
    }
    if (ids.isEmpty() || logits.size() != labels) {
      throw this.json.invalid(
          "probe",
          "token ids and %d logits in each case".formatted(labels),
          "%d ids and %d logits".formatted(ids.size(), logits.size()));
    }
    return new Probe.Case(json.text("text"), List.copyOf(ids), List.copyOf(logits));
  }

  private AnswerProfile reference(LabelSet labels) {
    JsonFields reference = json.object("reference");
    Map<String, Long> byLabel = new TreeMap<>();
    JsonFields counts = reference.object("labels");
    for (String name : labels.names()) {
      byLabel.put(name, counts.count(name));
    }
    AnswerProfile profile =
        new AnswerProfile(
            byLabel,
            counts(reference, "confidence", AnswerProfile.CONFIDENCES),
            counts(reference, "unknown_tokens", AnswerProfile.UNKNOWN_SHARES));
    if (profile.count() == 0) {
      throw json.invalid("reference", "that of one text or more", "of none");
    }
    return profile;
  }

  private static List<Long> counts(JsonFields reference, String key, List<Double> ends) {
    List<Long> counts = reference.counts(key);
    if (counts.size() != ends.size() + 1) {
      throw reference.invalid(
          key, "%d counts".formatted(ends.size() + 1), "a list of %d".formatted(counts.size()));
    }
    return counts;
  }

  private Map<String, String> digests(String key) {
    Map<String, String> digests = json.texts(key, SHA256, "64 hexadecimal digits");
    for (String name : digests.keySet()) {
      // A name from a file must not lead out of the directory.
      if (!name.matches("[\\w.-]+") || name.startsWith("..")) {
        throw json.invalid(key, "names of files of this directory", "'" + name + "'");
      }
    }
    return digests;
  }
}
