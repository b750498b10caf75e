package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// Writes an adapter and its base as the one model that they are, in fp32, so that nothing of what
/// the adapter learnt is rounded away.
public final class AdapterMerge {
  private static final String CARD = "README.md";
  private static final String RECIPE = "recipe.yaml";

  private AdapterMerge() {}

  /// @param adapter opened with its base
  /// @param directory as that of a [StagedDirectory]
  /// @throws NunchiException `INVALID_ARGUMENT` where `adapter` is a whole model, `INVALID_MODEL`
  ///   where a tensor of it is missing, `IO_FAILURE` where the files cannot be written
  public static void write(CheckpointDirectory adapter, Path directory) {
    AdapterBase base =
        adapter
            .base()
            .orElseThrow(() ->
                new NunchiException(
                    Reason.INVALID_ARGUMENT,
                    "%s is a whole model and no adapter, so there is nothing to merge"
                        .formatted(adapter.path())));
    adapter.requireComplete();
    try (Arena arena = Arena.ofConfined()) {
      Map<String, Weight> weights = new LinkedHashMap<>();
      for (Parameter parameter : adapter.network().parameters()) {
        Weight weight = adapter.weights().get(parameter.name());
        weights.put(parameter.name(), FloatWeights.float32(weight, arena));
      }
      new CheckpointContents(
              adapter.config(),
              adapter.labels(),
              adapter.problemType(),
              weights,
              adapter.tokenizerDirectory(),
              adapter.description(),
              documents(adapter.path(), base),
              null)
          .write(directory);
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, adapter.path() + " cannot be read", e);
    }
  }

  private static Map<String, String> documents(Path adapter, AdapterBase base) throws IOException {
    Map<String, String> documents = new LinkedHashMap<>();
    if (Files.isRegularFile(adapter.resolve(CARD))) {
      documents.put(
          CARD,
          "%s%nThe adapter is merged into its base, %s.%n"
              .formatted(
                  // What opens the directory is not PEFT any more.
                  Files.readString(adapter.resolve(CARD)).replace("library_name: peft\n", ""),
                  base.name()));
    }
    if (Files.isRegularFile(adapter.resolve(RECIPE))) {
      documents.put(RECIPE, Files.readString(adapter.resolve(RECIPE)));
    }
    return documents;
  }
}
