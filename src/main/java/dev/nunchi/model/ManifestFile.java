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
  ///   of a wrong type
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

  private static ObjectNode json(Manifest manifest) {
    ObjectNode json = Json.object();
    json.put("format_version", manifest.formatVersion());
    json.put("name", manifest.name());
    json.put("revision", manifest.revision());
    ArrayNode labels = json.putArray("labels");
    for (Label label : manifest.labels().labels()) {
      ObjectNode node = labels.addObject().put("name", label.name());
      label
          .polarity()
          .ifPresentOrElse(
              polarity -> node.put("polarity", polarity), () -> node.putNull("polarity"));
    }
    json.put("problem_type", manifest.problemType().configName());
    Normalization normalization = manifest.normalization();
    json.putObject("normalization")
        .put("version", normalization.version())
        .put("compatibility_forms", normalization.compatibilityForms())
        .put("invisible_characters", normalization.invisibleCharacters())
        .put("jamo", normalization.jamo())
        .put("composition", normalization.composition())
        .put("white_space", normalization.whiteSpace())
        .put("max_run", normalization.maxRun());
    json.put("input_template", manifest.inputTemplate());
    json.put("max_length", manifest.maxLength());
    json.put("precision", manifest.precision().manifestName());
    json.put("temperature", manifest.temperature());
    @Nullable Probe probe = manifest.probe();
    if (probe == null) {
      json.putNull("probe");
    } else {
      probe.cases().forEach(addTo(json.putArray("probe")));
    }
    ObjectNode quality = json.putObject("quality");
    manifest.quality().forEach(quality::put);
    ObjectNode provenance = json.putObject("provenance");
    manifest.provenance().forEach(provenance::put);
    ObjectNode files = json.putObject("files");
    manifest.files().forEach(files::put);
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
