package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.infer.LoadedModel;
import java.nio.file.Path;

/// Opens model directories with the server's settings.
@FunctionalInterface
interface ModelOpener {
  /// @throws NunchiException if the model cannot be served
  LoadedModel open(Path directory);
}
