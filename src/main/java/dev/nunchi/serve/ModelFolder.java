package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/// A directory of models, each in a directory that has the model's name: what comes, changes or
/// goes there is served, served anew or served no more.
///
/// A model is opened when its files are the same at two looks, so that one which is being copied is
/// left alone. One that cannot be opened is named in the log, and what was served under its name
/// goes on. Hidden directories are no models.
final class ModelFolder {
  private static final Logger LOG = Logger.getLogger(ModelFolder.class);

  private final Path folder;
  private final ModelRegistry models;
  private final ModelOpener opener;

  /// Names of models by the names of their directories, which a Mac decomposes.
  private final Map<String, String> served = new HashMap<>();

  /// What the files of each directory were at the last look.
  private Map<String, String> seen = Map.of();

  /// What they were when it was opened or refused.
  private final Map<String, String> tried = new HashMap<>();

  /// @param models of which this serves and removes its own
  ModelFolder(Path folder, ModelRegistry models, ModelOpener opener) {
    this.folder = folder;
    this.models = models;
    this.opener = opener;
  }

  /// Serves what is there.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` where it is no directory
  void open() {
    if (!Files.isDirectory(folder)) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT, folder + " is no directory, but should hold those of models");
    }
    seen = files();
    look();
  }

  /// Serves what came and changed, and no more what went. Not for two threads at once.
  void look() {
    models.closeGone();
    Map<String, String> now = files();
    for (Map.Entry<String, String> model : Map.copyOf(served).entrySet()) {
      if (!now.containsKey(model.getKey())) {
        served.remove(model.getKey());
        models.remove(model.getValue());
        LOG.infof("Serving %s no more: its directory is gone", model.getValue());
      }
    }
    tried.keySet().retainAll(now.keySet());
    now.forEach((directory, files) -> {
      if (files.equals(seen.get(directory)) && !files.equals(tried.put(directory, files))) {
        serve(directory);
      }
    });
    seen = now;
  }

  private void serve(String directory) {
    Path path = folder.resolve(directory);
    try {
      String name = name(directory);
      if (!served.containsKey(directory) && models.has(name)) {
        throw new NunchiException(
            Reason.INVALID_ARGUMENT, path + ": a model of that name is served already");
      }
      ServedModel model = opener.open(name, path);
      models.put(model);
      served.put(directory, name);
      LOG.infof("Serving %s (%s)", name, model.shortRevision());
    } catch (NunchiException e) {
      LOG.errorf("Not served: %s", e.getMessage());
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

  /// Names, lengths and times of the files of each directory.
  private Map<String, String> files() {
    Map<String, String> files = new TreeMap<>();
    for (Path entry : entries(folder)) {
      String name = entry.getFileName().toString();
      if (!name.startsWith(".") && Files.isDirectory(entry)) {
        files.put(
            name, entries(entry).stream().map(ModelFolder::file).collect(Collectors.joining("\n")));
      }
    }
    return files;
  }

  private static String file(Path file) {
    try {
      return "%s %d %s".formatted(file, Files.size(file), Files.getLastModifiedTime(file));
    } catch (IOException _) {
      // It went meanwhile, which the next look sees.
      return file.toString();
    }
  }

  private static List<Path> entries(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().toList();
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, directory + " cannot be read", e);
    }
  }
}
