package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.hub.HubName;
import dev.nunchi.hub.HubSettings;
import dev.nunchi.hub.ModelReference;
import dev.nunchi.hub.ModelStore;
import dev.nunchi.model.BaseModels;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// What a user gives for a model: the directory where it lies, or its name.
///
/// A directory that is there goes first. A name that is here is used as it was pulled last, without
/// asking the network; else it is pulled, after saying so. A name without an owner, or one that
/// begins like a path of the working directory, may be a slip: it is only looked for, and 'models
/// pull' fetches it.
record ModelArgument(String given) {
  /// Of an option that is required.
  static final ModelArgument NONE = new ModelArgument("");

  static ModelArgument of(String value) {
    if (!ModelReference.isAddress(value)) {
      new PathConverter().convert(value);
    }
    return new ModelArgument(value);
  }

  /// What a command about names is given.
  static ModelReference reference(CommandSpec spec, String name) {
    return ModelReference.parse(name)
        .orElseThrow(() ->
            new ParameterException(
                spec.commandLine(),
                "'%s' is no model's name: expected OWNER/NAME, oci://HOST/NAME:TAG or https://ADDRESS#sha256=DIGEST"
                    .formatted(name)));
  }

  /// @param spec of the command that runs
  /// @throws NunchiException where the model is not here and cannot be had
  Path directory(CommandSpec spec) {
    if (!ModelReference.isAddress(given) && Files.exists(Path.of(given))) {
      return Path.of(given);
    }
    Optional<ModelReference> reference = ModelReference.parse(given);
    if (reference.isEmpty()) {
      return Path.of(given);
    }
    HubSettings settings = settings(spec);
    ModelStore store = new ModelStore(settings);
    Optional<Path> here = store.find(reference.get());
    if (here.isPresent()) {
      return here.get();
    }
    if (!ModelReference.isAddress(given) && mayBeSlip()) {
      return Path.of(given);
    }
    PrintWriter err = spec.commandLine().getErr();
    if (settings.offline()) {
      throw new NunchiException(
          Reason.UNAVAILABLE,
          "%s is no directory and not among the models that are here, and --offline or HF_HUB_OFFLINE keeps it from being fetched; 'nunchi models pull %s' fetches it where there is a network"
              .formatted(given, given));
    }
    err.printf("%s is not here; pulling it …%n", given);
    try (PullProgress progress = PullProgress.of(err)) {
      return store.pull(reference.get(), ModelsPullCommand.WORKERS, progress);
    }
  }

  /// Where the models are that adapters name: what was pulled, without asking the network.
  static BaseModels bases(CommandSpec spec) {
    return name ->
        HubName.parse(name)
            .flatMap(hub -> new ModelStore(settings(spec)).find(new ModelReference.Hub(hub)));
  }

  private boolean mayBeSlip() {
    int slash = given.indexOf('/');
    return slash < 0 || Files.exists(Path.of(given.substring(0, slash)));
  }

  /// Of the program, or of the environment where a command runs by itself.
  static HubSettings settings(CommandSpec spec) {
    return spec.root().userObject() instanceof RootCommand root
        ? root.hubSettings()
        : HubSettings.of(System.getenv());
  }
}
