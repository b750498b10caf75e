package dev.nunchi.cli;

import dev.nunchi.model.OutputDirectory;
import picocli.CommandLine.Option;

/// Whether a model that is in the output already gives way.
final class ReplacingOption {
  @Option(
      names = "--overwrite",
      description =
          "Replaces an older model in the output; what nunchi did not write, or was changed since,"
              + " stays.")
  private boolean overwrite;

  OutputDirectory.Existing existing() {
    return overwrite ? OutputDirectory.Existing.REPLACE : OutputDirectory.Existing.KEEP;
  }
}
