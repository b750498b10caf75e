package dev.nunchi.infer;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.AdapterTensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// The bases that a process has in memory, and how it opens models: an adapter on its base, every
/// other model by itself. Safe for several threads.
public final class SharedBases implements AutoCloseable {
  private final LoadOptions options;
  private final List<SharedBase> bases;

  private SharedBases(LoadOptions options, List<SharedBase> bases) {
    this.options = options;
    this.bases = List.copyOf(bases);
  }

  /// @param directories of exported bases
  /// @param options of the bases and of all models
  /// @throws NunchiException as [SharedBase#open]; then none is open
  public static SharedBases open(List<Path> directories, LoadOptions options) {
    List<SharedBase> opened = new ArrayList<>();
    try {
      for (Path directory : directories) {
        opened.add(SharedBase.open(directory, options));
      }
      return new SharedBases(options, opened);
    } catch (RuntimeException e) {
      opened.forEach(SharedBase::close);
      throw e;
    }
  }

  /// Opens a model.
  ///
  /// @return to be closed before these
  /// @throws NunchiException as [ModelLoader#load] and [SharedBase#load], and `INVALID_MODEL` for
  ///   an adapter of a base that is not here
  public LoadedModel load(Path path) {
    return !bases.isEmpty() && AdapterTensors.areIn(path)
        ? base(path).load(path)
        : ModelLoader.load(path, options);
  }

  private SharedBase base(Path adapter) {
    List<SharedBase> own = bases.stream().filter(base -> base.isOf(adapter)).toList();
    if (own.isEmpty()) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "The adapter %s was trained on none of the bases here (%s); 'nunchi export --model %s --adapters separate --output DIR' writes its own"
              .formatted(
                  adapter,
                  bases.stream()
                      .map(base -> base.directory().toString())
                      .collect(Collectors.joining(", ")),
                  adapter));
    }
    if (own.size() > 1) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "The adapter %s may belong to each of the bases %s; leave one of them out"
              .formatted(
                  adapter,
                  own.stream()
                      .map(base -> base.directory().toString())
                      .collect(Collectors.joining(", "))));
    }
    return own.getFirst();
  }

  @Override
  public void close() {
    bases.forEach(SharedBase::close);
  }
}
