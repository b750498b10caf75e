package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/// A directory of models, each in a directory that has the model's name: what comes, changes or
/// goes there is served, served anew or served no more.
///
/// One that cannot be opened is named in the log, and what was served under its name goes on.
/// Hidden directories are no models.
final class ModelFolder {
  private static final Logger LOG = Logger.getLogger(ModelFolder.class);

  private final Path folder;
  private final ModelRegistry models;
  private final ModelReload reload;

  /// Names of models by the names of their directories, which a Mac decomposes.
  private final Map<String, String> served = new HashMap<>();

  private final Map<String, WatchedDirectory> watched = new TreeMap<>();

  /// @param models of which this serves and removes its own
  ModelFolder(Path folder, ModelRegistry models, ModelReload reload) {
    this.folder = folder;
    this.models = models;
    this.reload = reload;
  }

  /// Serves what is there.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` where it is no directory
  void open() {
    if (!Files.isDirectory(folder)) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT, folder + " is no directory, but should hold those of models");
    }
    find();
    look();
  }

  /// Serves what came and changed, and no more what went. Not for two threads at once.
  void look() {
    watched.forEach((directory, model) -> {
      if (model.isDue()) {
        serve(directory);
      }
    });
    find();
  }

  /// Begins to watch what came, and ends what went.
  private void find() {
    List<String> now = directories();
    for (Map.Entry<String, String> model : Map.copyOf(served).entrySet()) {
      if (!now.contains(model.getKey())) {
        served.remove(model.getKey());
        reload.remove(model.getValue());
        LOG.infof("Serving %s no more: its directory is gone", model.getValue());
      }
    }
    watched.keySet().retainAll(now);
    for (String directory : now) {
      watched.computeIfAbsent(directory, name -> WatchedDirectory.found(folder.resolve(name)));
    }
  }

  private void serve(String directory) {
    Path path = folder.resolve(directory);
    Optional<String> name = Optional.empty();
    try {
      name = Optional.of(name(directory));
      if (!served.containsKey(directory) && models.has(name.get())) {
        throw new NunchiException(
            Reason.INVALID_ARGUMENT, path + ": a model of that name is served already");
      }
    } catch (NunchiException e) {
      reload.refused(Optional.empty(), e);
      return;
    }
    try {
      reload.serve(name, path);
      served.put(directory, name.get());
    } catch (NunchiException _) {
      // Logged and counted there.
    }
  }

  private String name(String directory) {
    try {
      return ModelName.of(directory);
    } catch (NunchiException e) {
      throw new NunchiException(
          e.reason(), "%s: %s".formatted(folder.resolve(directory), e.getMessage()), e);
    }
  }

  private List<String> directories() {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(Files::isDirectory)
          .map(entry -> entry.getFileName().toString())
          .filter(name -> !name.startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, folder + " cannot be read", e);
    }
  }
}
