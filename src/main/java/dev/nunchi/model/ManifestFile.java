package dev.nunchi.model;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.Label;
import dev.nunchi.text.Normalization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// `nunchi.json` on disk; [ManifestReader] reads what this writes.
public final class ManifestFile {
  private ManifestFile() {}

  /// The manifest of a directory, empty where it has none.
  ///
  /// @throws dev.nunchi.NunchiException `INVALID_MODEL` naming the key that is missing, unknown or
  ///   of a wrong type; `UNSUPPORTED_MODEL` where a newer Nunchi wrote it in a format that this one
  ///   cannot read
  public static Optional<Manifest> read(Path directory) {
    Path file = directory.resolve(Manifest.FILE_NAME);
    return Files.exists(file)
        ? Optional.of(new ManifestReader(file, Json.read(file)).manifest())
        : Optional.empty();
  }

  /// Writes a new file with the keys always in the same order.
  public static void write(Path directory, Manifest manifest) throws IOException {
    Files.writeString(directory.resolve(Manifest.FILE_NAME), Json.pretty(json(manifest)));
  }

  /// Writes it in place of the one that is there, in a directory that is in use.
  ///
  /// @throws dev.nunchi.NunchiException `IO_FAILURE` where it cannot be written; the older one
  ///   stays
  public static void replace(Path directory, Manifest manifest) {
    DurableFiles.write(directory.resolve(Manifest.FILE_NAME), Json.pretty(json(manifest)));
  }

  private static ObjectNode json(Manifest manifest) {
    ObjectNode json = Json.object();
    json.put("format_version", Manifest.FORMAT_VERSION);
    json.put("format_minor", Manifest.FORMAT_MINOR);
    json.put("name", manifest.name());
    json.put("revision", manifest.proof().revision());
    ArrayNode labels = json.putArray("labels");
    for (Label label : manifest.task().labels().labels()) {
      ObjectNode node = labels.addObject().put("name", label.name());
      label
          .polarity()
          .ifPresentOrElse(
              polarity -> node.put("polarity", polarity), () -> node.putNull("polarity"));
    }
    json.put("problem_type", manifest.task().problemType().configName());
    Normalization normalization = manifest.text().normalization();
    json.putObject("normalization")
        .put("version", normalization.version())
        .put("compatibility_forms", normalization.compatibilityForms())
        .put("invisible_characters", normalization.invisibleCharacters())
        .put("jamo", normalization.jamo())
        .put("composition", normalization.composition())
        .put("white_space", normalization.whiteSpace())
        .put("max_run", normalization.maxRun());
    json.put("input_template", manifest.text().inputTemplate());
    json.put("max_length", manifest.text().maxLength());
    json.put("precision", manifest.proof().precision().manifestName());
    json.put("temperature", manifest.task().temperature());
    @Nullable Probe probe = manifest.proof().probe();
    if (probe == null) {
      json.putNull("probe");
    } else {
      probe.cases().forEach(addTo(json.putArray("probe")));
    }
    manifest.origin().quality().forEach(json.putObject("quality")::put);
    manifest.origin().provenance().forEach(json.putObject("provenance")::put);
    manifest.origin().notes().forEach(json.putArray("notes")::add);
    @Nullable AnswerProfile reference = manifest.origin().reference();
    if (reference != null) {
      ObjectNode node = json.putObject("reference");
      reference.labels().forEach(node.putObject("labels")::put);
      reference.confidence().forEach(node.putArray("confidence")::add);
      reference.unknownTokens().forEach(node.putArray("unknown_tokens")::add);
    }
    manifest.proof().files().forEach(json.putObject("files")::put);
    manifest.proof().documents().forEach(json.putObject("documents")::put);
    return json;
  }

  private static Consumer<Probe.Case> addTo(ArrayNode cases) {
    return probe -> {
      ObjectNode node = cases.addObject().put("text", probe.text());
      probe.inputIds().forEach(node.putArray("input_ids")::add);
      probe.logits().forEach(node.putArray("logits")::add);
    };
  }
}
