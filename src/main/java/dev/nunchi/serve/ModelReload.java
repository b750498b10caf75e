package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/// Puts models in their places while the server runs.
///
/// A model is opened beside the one of its name that is served and proves itself by its probe; only
/// then do calls get it, and the other answers what it had accepted and gives its memory back. One
/// that cannot be opened is refused by name, in the log and in `nunchi_model_loads_total`, and what
/// was served goes on. One at a time, since each takes the memory of two.
final class ModelReload {
  private static final Logger LOG = Logger.getLogger(ModelReload.class);

  private final ModelRegistry models;
  private final ModelOpener opener;
  private final Metrics metrics;

  /// Where the models lie that are served, by name.
  private final Map<String, Path> directories = new ConcurrentHashMap<>();

  ModelReload(ModelRegistry models, ModelOpener opener, Metrics metrics) {
    this.models = models;
    this.opener = opener;
    this.metrics = metrics;
  }

  /// Serves a directory's model, in place of the one of its name.
  ///
  /// @param name the manifest's where empty
  /// @throws NunchiException where it is refused, which is logged and counted
  synchronized ServedModel serve(Optional<String> name, Path directory) {
    try {
      ServedModel model =
          name.map(given -> opener.open(given, directory)).orElseGet(() -> opener.open(directory));
      if (name.isEmpty() && models.has(model.name())) {
        model.loaded().close();
        throw new NunchiException(
            Reason.INVALID_ARGUMENT, directory + ": a model of that name is served already");
      }
      models.put(model);
      directories.put(model.name(), directory);
      metrics.loaded(model.name());
      LOG.infof("Serving %s (%s)", model.name(), model.shortRevision());
      return model;
    } catch (NunchiException e) {
      refused(name, e);
      throw e;
    }
  }

  /// Logs and counts that a directory's model is not served.
  ///
  /// @param name empty where it is not known
  void refused(Optional<String> name, NunchiException why) {
    LOG.errorf(
        "%s: %s",
        name.filter(models::has)
            .map(served -> "Not reloaded, and %s goes on as it was".formatted(served))
            .orElse("Not served"),
        why.getMessage());
    metrics.notLoaded(name.orElse(Metrics.NO_MODEL));
  }

  /// Serves the model of a name no more.
  void remove(String name) {
    directories.remove(name);
    models.remove(name);
  }

  /// Hears of a directory that was opened, or refused, at the start.
  ///
  /// @param name empty where it was refused before it had one
  void began(Optional<String> name, Path directory) {
    Optional<String> served = name.filter(models::has);
    served.ifPresentOrElse(
        known -> {
          directories.put(known, directory);
          metrics.loaded(known);
        },
        () -> metrics.notLoaded(name.orElse(Metrics.NO_MODEL)));
  }

  /// Opens a model anew from its directory, whether that has changed or not.
  ///
  /// @param name as a caller sent it
  /// @throws NunchiException `MODEL_NOT_FOUND`, and where it is refused
  ServedModel again(String name) {
    ServedModel model = models.find("name", name);
    Path directory = directories.get(model.name());
    if (directory == null) {
      throw NunchiException.ofField(
          Reason.MODEL_NOT_FOUND, "name", model.name() + " comes with the program");
    }
    return serve(Optional.of(model.name()), directory);
  }
}
