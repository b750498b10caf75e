package dev.nunchi.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.data.DataDirectory;
import dev.nunchi.model.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/// The same recipe under several seeds, one run after the other, each in a directory of its own:
/// how far a figure depends on chance, and which of the models is the best.
///
/// `seeds.json` in the output has the figures of the seeds that are finished. What a run has
/// finished stays through whatever ends the others; with [TrainingRun.Mode#RESUME] those are passed
/// by, and the one that was interrupted goes on.
///
/// @param data directory that the recipe's files are relative to
/// @param output directory of the directories `seed-42` and so on
/// @param seeds different ones, at least one
/// @param models those that the recipe names; scores of a teacher are kept for all seeds
public record SeedRuns(
    Recipe recipe,
    Path data,
    Path output,
    List<Long> seeds,
    TrainingRun.Mode mode,
    RunModels models) {
  static final String RESULTS = "seeds.json";

  /// From the directory that the recipe names, if it names one.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` where there is no seed or one occurs twice
  public SeedRuns(Recipe recipe, Path data, Path output, List<Long> seeds, TrainingRun.Mode mode) {
    this(recipe, data, output, seeds, mode, RunModels.of(recipe));
  }

  /// @throws NunchiException `INVALID_ARGUMENT` where there is no seed or one occurs twice
  public SeedRuns {
    seeds = List.copyOf(seeds);
    if (seeds.isEmpty() || new HashSet<>(seeds).size() < seeds.size()) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "The seeds should be different numbers, at least one, but are " + seeds);
    }
  }

  /// Trains under each seed, until all are finished or `stop` is requested.
  ///
  /// @param listener of the run of a seed, given its directory
  /// @param notes told what a user should know, one sentence
  /// @return the figures of those that are finished, in the order of the seeds
  /// @throws NunchiException as [TrainingRun#run], before any run where something is in the way of
  ///   one of them
  public SeedResults run(
      BiFunction<Long, Path, TrainingListener> listener, StopSignal stop, Consumer<String> notes) {
    requireFree(notes);
    if (recipe.data().validationFile() == null
        && new DataDirectory(data).find("validation").isEmpty()) {
      notes.accept(
          "There is no validation file, so each seed holds out texts of its own, and the deviation"
              + " is that of the texts too");
    }
    if (mode == TrainingRun.Mode.OVERWRITE) {
      beginAll();
    }
    SeedResults results = new SeedResults(recipe.watch().metricForBestModel(), List.of());
    for (long seed : seeds) {
      if (stop.isRequested()) {
        break;
      }
      Path directory = directory(seed);
      if (!isFinished(seed)) {
        new TrainingRun(of(seed), data, directory, mode, listener.apply(seed, directory), models)
            .run(stop);
        stop.endSteps();
      }
      if (RunDirectory.isFinished(directory)) {
        results = results.with(seed, directory);
        DurableFiles.write(
            output.resolve(RESULTS), results.toJson().toPrettyString() + System.lineSeparator());
      }
    }
    return results;
  }

  /// Does what [#run] does before the first step of the first seed; writes nothing.
  public void dryRun(TrainingListener listener, StopSignal stop) {
    requireFree(listener::warned);
    long first = seeds.getFirst();
    new TrainingRun(of(first), data, directory(first), mode, listener, models).dryRun(stop);
  }

  /// The recipe of one seed.
  public Recipe of(long seed) {
    return RecipeReader.withSeed(
        recipe,
        seed,
        "%s-seed-%d".formatted(output.toAbsolutePath().normalize().getFileName(), seed));
  }

  private Path directory(long seed) {
    return output.resolve("seed-" + seed);
  }

  /// Whether the run of a seed is not to be gone through again.
  private boolean isFinished(long seed) {
    return mode == TrainingRun.Mode.RESUME && RunDirectory.isFinished(directory(seed));
  }

  /// No model of an earlier training counts as finished any more, also where this one is
  /// interrupted before its turn.
  private void beginAll() {
    seeds.stream()
        .map(this::directory)
        .filter(Files::isDirectory)
        .forEach(directory -> RunDirectory.open(directory, mode).close());
  }

  /// Looks through all directories before any work.
  private void requireFree(Consumer<String> notes) {
    requireOwnResults();
    for (long seed : seeds) {
      if (isFinished(seed)) {
        new Resumption(directory(seed)).requireSameRecipe(of(seed));
      } else {
        // Each run says its notes itself.
        RunDirectory.examine(directory(seed), mode, models.base(), unused -> {});
      }
    }
  }

  private void requireOwnResults() {
    Path file = output.resolve(RESULTS);
    if (!Files.exists(file)) {
      return;
    }
    if (!isResults(file)) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          file
              + " was not written by nunchi, so it is not replaced; move it away or give another"
              + " --output");
    }
    if (mode == TrainingRun.Mode.START) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          output
              + " holds the seeds of an earlier training: --resume goes on with them and further"
              + " ones, --overwrite begins anew");
    }
  }

  private static boolean isResults(Path file) {
    try {
      return new ObjectMapper().readTree(file.toFile()).path("seeds").isArray();
    } catch (IOException _) {
      return false;
    }
  }
}
