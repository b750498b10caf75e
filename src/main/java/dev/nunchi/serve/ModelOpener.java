package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.infer.InferenceOptions.Device;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.SharedBases;
import dev.nunchi.infer.Workers;
import java.nio.file.Path;
import java.util.OptionalInt;

/// Opens models by the server's settings, adapters on the bases that it has in memory.
final class ModelOpener implements AutoCloseable {
  private final SharedBases bases;

  /// @throws NunchiException where a base cannot be opened
  ModelOpener(ServeConfig config) {
    Workers workers = new Workers(config.threads(), config.queueSize());
    this.bases =
        SharedBases.open(
            config.bases(),
            new LoadOptions(
                config.device(),
                workers,
                OptionalInt.empty(),
                config.privateCopy(),
                config.loneTextThreads().orElse(workers.count(Device.CPU))));
  }

  /// The model of a directory under the name in its manifest.
  ///
  /// @throws NunchiException where it cannot be opened, or the name is none
  ServedModel open(Path directory) {
    LoadedModel loaded = bases.load(directory);
    try {
      return new ServedModel(ModelName.of(loaded.manifest().name()), loaded);
    } catch (NunchiException e) {
      loaded.close();
      throw new NunchiException(
          e.reason(),
          "%s: %s; name it with --model NAME=DIR".formatted(directory, e.getMessage()),
          e);
    }
  }

  /// The model of a directory under a name.
  ///
  /// @throws NunchiException where it cannot be opened
  ServedModel open(String name, Path directory) {
    return new ServedModel(name, bases.load(directory));
  }

  /// To be called when its models are closed.
  @Override
  public void close() {
    bases.close();
  }
}
