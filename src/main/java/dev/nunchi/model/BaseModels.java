package dev.nunchi.model;

import java.nio.file.Path;
import java.util.Optional;

/// Where the models are that adapters name as their base and that are no directories on disk.
@FunctionalInterface
public interface BaseModels {
  /// No others: every base is a directory.
  BaseModels NONE = _ -> Optional.empty();

  /// @param name of a model, or with a revision behind it, as `klue/bert-base@main`
  /// @return its directory, empty where it is not here
  Optional<Path> find(String name);
}
