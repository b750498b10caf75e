package dev.nunchi.serve;

import dev.nunchi.infer.InferenceOptions;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// The settings of the server: `nunchi.*` in system properties, `NUNCHI_*` in the environment.
@ConfigMapping(prefix = "nunchi")
public interface ServeConfig {
  /// The models, the default model first; none for the built-in one.
  List<Source> models();

  /// The installation's directory, which holds `models`; the working directory where not set.
  Optional<String> home();

  /// What models run on: `auto`, `cpu` or `cuda`.
  @WithDefault("auto")
  InferenceOptions.Device device();

  /// Texts of one model that are run at a time; one for each core where not set.
  OptionalInt threads();

  /// Most texts of one model that wait to be run.
  @WithDefault("1024")
  int queueSize();

  Limits limits();

  /// Where a model is.
  interface Source {
    /// The name by which requests choose it; its manifest's where not set.
    Optional<String> name();

    /// The model directory.
    String directory();
  }

  /// What is refused before it is queued.
  interface Limits {
    /// Longest text, and longest context, in bytes of UTF-8.
    @WithDefault("8192")
    int maxTextBytes();

    /// Most requests in one batch.
    @WithDefault("64")
    int maxBatchSize();

    /// Most items of one stream that are accepted and not yet answered.
    @WithDefault("256")
    int maxStreamItems();
  }
}
