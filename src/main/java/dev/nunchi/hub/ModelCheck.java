package dev.nunchi.hub;

import dev.nunchi.NunchiException;
import dev.nunchi.PlainFile;
import dev.nunchi.Reason;
import dev.nunchi.model.Digests;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.model.PublishedFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Holds a model that is here against what is known of its files.
final class ModelCheck {
  private ModelCheck() {}

  /// What is wrong with a model, one sentence for each file; empty where it is whole.
  static List<String> damage(StoredModel model) {
    List<String> damage = ofFiles(model);
    return damage.isEmpty() ? ofContent(model.directory()).stream().toList() : damage;
  }

  /// What is wrong with files by their digests alone, whatever is in them.
  static List<String> ofFiles(StoredModel model) {
    List<String> damage = new ArrayList<>();
    for (StoredModel.File file : model.files()) {
      damage(model.directory().resolve(file.name()), file.digest()).ifPresent(damage::add);
    }
    return damage;
  }

  /// @param digest with the algorithm before it, empty where nothing says what it should be
  private static Optional<String> damage(Path path, String digest) {
    if (!Files.exists(path)) {
      return Optional.of(
          path
              + (Files.isSymbolicLink(path)
                  ? " leads to a file that is not there"
                  : " is missing"));
    }
    Optional<String> fault = PlainFile.fault(path);
    if (fault.isPresent()) {
      return Optional.of(path + " " + fault.get());
    }
    if (digest.isEmpty()) {
      return Optional.empty();
    }
    ContentDigest expected = new ContentDigest(digest.substring(digest.indexOf(':') + 1));
    return FileCheck.damage(path, expected)
        .map(came ->
            "%s: a %s of %s was expected, but %s came"
                .formatted(path, expected.algorithm(), expected.hex(), came.hex()));
  }

  /// What the files say of each other: the manifest of what it lists, an index of its weights.
  private static Optional<String> ofContent(Path directory) {
    try {
      Optional<String> damage =
          ManifestFile.read(directory).flatMap(manifest -> Digests.damage(directory, manifest));
      if (damage.isPresent()) {
        return damage;
      }
      return PublishedFiles.areWhole(directory)
          ? Optional.empty()
          : Optional.of(
              "%s lacks config.json, weights or a tokenizer: a pull of it was broken off"
                  .formatted(directory));
    } catch (NunchiException e) {
      if (e.reason() == Reason.INVALID_MODEL) {
        return Optional.of(e.getMessage());
      }
      throw e;
    }
  }
}
