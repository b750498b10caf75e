package dev.nunchi.train;

import dev.nunchi.model.BaseModels;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The models that a run starts from and learns from.
///
/// @param base directory of the model that the recipe starts from; null for a new network
/// @param bases where the base of an adapter is that is no directory
/// @param teacher null where the recipe names none
public record RunModels(@Nullable Path base, BaseModels bases, @Nullable KeptTeacher teacher) {
  /// A teacher, and the directory that keeps its scores, which several runs may share.
  public record KeptTeacher(Teacher teacher, Path directory) {}

  /// Those of a recipe without a teacher.
  ///
  /// @param base null for a new network
  public static RunModels of(@Nullable Path base) {
    return new RunModels(base, BaseModels.NONE, null);
  }

  /// From the directory that the recipe names, if it names one.
  static RunModels of(Recipe recipe) {
    @Nullable String path = recipe.start().modelNameOrPath();
    return of(path == null ? null : Path.of(path));
  }
}
