package dev.nunchi.cli;

import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.ModelLoader;
import dev.nunchi.model.BaseModels;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.ModelFiles;
import java.nio.file.Files;
import java.nio.file.Path;

/// What runs a model on the command line; the option `--backend`.
enum ModelSource {
  /// ONNX Runtime where the directory holds a graph, else libtorch.
  AUTO,
  /// An exported directory in ONNX Runtime.
  ONNX,
  /// A checkpoint in libtorch.
  TORCH;

  /// @param bases where an adapter's base is that is no directory
  LoadedModel load(Path directory, LoadOptions options, BaseModels bases) {
    return switch (this) {
      case ONNX -> ModelLoader.load(directory, options);
      case TORCH -> Checkpoint.load(directory, options, bases);
      case AUTO -> {
        ModelFiles.requireDirectory(directory);
        yield ofWhatIsThere(directory).load(directory, options, bases);
      }
    };
  }

  /// What a directory says about its model, which is not loaded.
  ///
  /// @param bases where an adapter's base is that is no directory
  Manifest manifest(Path directory, BaseModels bases) {
    return switch (this) {
      case ONNX -> ModelDirectory.open(directory).manifest();
      case TORCH -> {
        try (CheckpointDirectory checkpoint = CheckpointDirectory.open(directory, bases)) {
          yield checkpoint.description();
        }
      }
      case AUTO -> {
        ModelFiles.requireDirectory(directory);
        yield ofWhatIsThere(directory).manifest(directory, bases);
      }
    };
  }

  private static ModelSource ofWhatIsThere(Path directory) {
    return Files.exists(directory.resolve(ModelDirectory.GRAPH)) ? ONNX : TORCH;
  }
}
