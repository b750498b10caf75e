package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// The models whose directories the settings name: served anew when their files change, or the link
/// that a directory is leads elsewhere. One that was refused at the start comes when it is mended.
final class NamedModels {
  private static final Logger LOG = Logger.getLogger(NamedModels.class);

  private final List<Named> all = new ArrayList<>();

  private static final class Named {
    private final WatchedDirectory directory;

    /// Null where neither the settings nor a model that was opened have said it.
    private @Nullable String name;

    Named(WatchedDirectory directory, @Nullable String name) {
      this.directory = directory;
      this.name = name;
    }

    Optional<String> name() {
      return Optional.ofNullable(name);
    }
  }

  /// Opens those that can be; the others are named in the log.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` where two have one name
  List<ServedModel> open(List<ServeConfig.Source> sources, ModelOpener opener) {
    Map<String, ServedModel> models = new LinkedHashMap<>();
    for (ServeConfig.Source source : sources) {
      Path path = Path.of(source.directory());
      Named named = new Named(WatchedDirectory.opened(path), source.name().orElse(null));
      all.add(named);
      open(source, path, opener)
          .ifPresent(model -> {
            add(model, source, models);
            named.name = model.name();
          });
    }
    return List.copyOf(models.values());
  }

  private static Optional<ServedModel> open(
      ServeConfig.Source source, Path path, ModelOpener opener) {
    try {
      return Optional.of(
          source.name().map(name -> opener.open(name, path)).orElseGet(() -> opener.open(path)));
    } catch (NunchiException e) {
      LOG.errorf("Not served: %s", e.getMessage());
      return Optional.empty();
    }
  }

  /// Serves anew what has changed. Not for two threads at once.
  void look(ModelReload reload) {
    for (Named named : all) {
      try {
        if (named.directory.isDue()) {
          named.name = reload.serve(named.name(), named.directory.path()).name();
        }
      } catch (NunchiException _) {
        // Logged and counted there.
      }
    }
  }

  /// Tells where the models lie that were opened, and which were refused.
  void tell(ModelReload reload) {
    for (Named named : all) {
      reload.began(named.name(), named.directory.path());
    }
  }

  private static void add(
      ServedModel model, ServeConfig.Source source, Map<String, ServedModel> models) {
    if (models.putIfAbsent(model.name(), model) != null) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "Two models are named %s; name the one in %s with --model NAME=DIR"
              .formatted(model.name(), source.directory()));
    }
  }
}
