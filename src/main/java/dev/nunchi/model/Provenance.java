package dev.nunchi.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a model's directory tells of where the model comes from: the licence that its card names,
/// and where it lies in the cache of a hub, its name there and its commit.
///
/// @param name of the hub, empty where the directory is no snapshot of a hub's cache
/// @param revision commit, empty as the name is
/// @param license as the card or the manifest names it, empty where neither does
/// @param trimmed what the manifest of a model whose vocabulary was cut says of the whole one, by
///   its keys; empty of others
public record Provenance(
    Optional<String> name,
    Optional<String> revision,
    Optional<String> license,
    Map<String, String> trimmed) {
  /// Of the manifest of what is another model in another form: the name of that one.
  static final String SOURCE = "source";

  /// The digest of that one's weights.
  static final String SOURCE_DIGEST = "source_digest";

  /// How much of its vocabulary is left, where that was cut.
  static final String VOCABULARY = "vocabulary";

  /// Of an adapter's manifest: the digest of the weights that it was trained on.
  public static final String BASE_DIGEST = "base_model_digest";

  /// Of an adapter's manifest: what the base's matrices were rounded to while it was trained.
  public static final String BASE_QUANTIZATION = "base_model_quantization";

  private static final String REVISION = "_revision";
  private static final String SOURCE_REVISION = SOURCE + REVISION;
  private static final String BASE = "base_model";
  private static final String BASE_REVISION = BASE + REVISION;
  private static final String BASE_VOCABULARY = BASE + "_vocabulary";

  private static final Pattern SNAPSHOT =
      Pattern.compile("(?:.*/)?models--([^/]+)/snapshots/([0-9a-f]{40})");

  /// More of a card is not looked at.
  private static final int CARD_BYTES = 1 << 16;

  private static final Pattern METADATA =
      Pattern.compile("\\A\\uFEFF?---\\r?\\n(.*?)^---\\s*$", Pattern.DOTALL | Pattern.MULTILINE);

  public static Provenance of(Path directory) {
    String path = directory.toAbsolutePath().normalize().toString().replace('\\', '/');
    Matcher snapshot = SNAPSHOT.matcher(path);
    boolean isSnapshot = snapshot.matches();
    return new Provenance(
        isSnapshot ? Optional.of(snapshot.group(1).replace("--", "/")) : Optional.empty(),
        isSnapshot ? Optional.of(snapshot.group(2)) : Optional.empty(),
        license(directory),
        trimmed(directory));
  }

  private static Map<String, String> trimmed(Path directory) {
    if (!Files.isRegularFile(directory.resolve(Manifest.FILE_NAME))) {
      return Map.of();
    }
    return ManifestFile.read(directory)
        .map(manifest -> manifest.origin().provenance())
        .filter(said -> said.containsKey(VOCABULARY))
        .orElse(Map.of());
  }

  /// For the manifest of what is this model in another form.
  public SequencedMap<String, String> asSource() {
    return entries(SOURCE, "license");
  }

  /// For the manifest of what is trained from this model; where its vocabulary was cut, by the name
  /// of the whole one.
  public SequencedMap<String, String> asBase() {
    SequencedMap<String, String> base = entries(BASE, "base_model_license");
    if (name.isEmpty()) {
      trimmed.forEach((key, value) -> {
        switch (key) {
          case SOURCE -> base.put(BASE, value);
          case SOURCE_REVISION -> base.put(BASE_REVISION, value);
          case VOCABULARY -> base.put(BASE_VOCABULARY, value);
          default -> {}
        }
      });
    }
    return base;
  }

  private SequencedMap<String, String> entries(String nameKey, String licenseKey) {
    SequencedMap<String, String> entries = new LinkedHashMap<>();
    name.ifPresent(value -> entries.put(nameKey, value));
    revision.ifPresent(value -> entries.put(nameKey + REVISION, value));
    license.ifPresent(value -> entries.put(licenseKey, value));
    return entries;
  }

  private static Optional<String> license(Path directory) {
    Optional<String> stated =
        Files.isRegularFile(directory.resolve(Manifest.FILE_NAME))
            ? ManifestFile.read(directory)
                .map(manifest -> manifest.origin().provenance().get("license"))
            : Optional.empty();
    return stated.or(() -> ofCard(directory.resolve("README.md")));
  }

  /// From the YAML between the dashes that a card of the hub begins with.
  private static Optional<String> ofCard(Path card) {
    if (!Files.isRegularFile(card)) {
      return Optional.empty();
    }
    try (InputStream in = Files.newInputStream(card)) {
      Matcher metadata =
          METADATA.matcher(new String(in.readNBytes(CARD_BYTES), StandardCharsets.UTF_8));
      return metadata.find()
          ? named(new YAMLMapper().readTree(metadata.group(1)))
          : Optional.empty();
    } catch (IOException _) {
      // A card that cannot be read says nothing.
      return Optional.empty();
    }
  }

  private static Optional<String> named(JsonNode card) {
    JsonNode license = card.path("license");
    List<String> names = new ArrayList<>();
    if (license.isArray()) {
      license.forEach(each -> names.add(each.asText()));
    } else if (license.isTextual()) {
      names.add(card.path("license_name").asText(license.asText()));
    }
    String shown = String.join(", ", names).strip();
    return shown.isEmpty() ? Optional.empty() : Optional.of(shown);
  }

  /// As a card says it: name, commit and licence, as far as they are known.
  public static String shown(Map<String, String> base) {
    String shown = base.getOrDefault(BASE, "");
    if (base.containsKey(BASE_REVISION)) {
      shown += " at " + base.get(BASE_REVISION);
    }
    if (base.containsKey(BASE_VOCABULARY)) {
      shown += ", cut to " + base.get(BASE_VOCABULARY);
    }
    return base.containsKey("base_model_license")
        ? shown + " (licence " + base.get("base_model_license") + ")"
        : shown;
  }
}
