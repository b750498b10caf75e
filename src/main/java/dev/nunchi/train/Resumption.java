package dev.nunchi.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.TrainerState;
import dev.nunchi.torch.TorchTrainer;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A checkpoint of an earlier process that a run goes on from, with the same recipe and texts.
///
/// @param checkpoint a whole directory with the state of a run
record Resumption(Path checkpoint) {
  static final String RECIPE = "recipe.yaml";
  static final String TRAIN_DIGEST = "train_digest";

  /// Keys that have no part in what the weights become.
  private static final Set<String> FREE =
      Set.of(
          "name",
          "description",
          "license",
          "data_source",
          "save_strategy",
          "save_steps",
          "save_total_limit",
          "logging_steps",
          "threads");

  /// @throws NunchiException `INVALID_RECIPE` naming the first key that differs from the recipe
  ///   that the run began with
  void requireSameRecipe(Recipe recipe) {
    ObjectNode begun = RecipeReader.read(checkpoint.resolve(RECIPE).toString(), Map.of()).keys();
    for (Map.Entry<String, JsonNode> key : recipe.keys().properties()) {
      String before = begun.path(key.getKey()).toString();
      String now = key.getValue().toString();
      if (!FREE.contains(key.getKey()) && !before.equals(now)) {
        throw new NunchiException(
            Reason.INVALID_RECIPE,
            ("%s is %s, but the run in %s began with %s; go on with the same recipe, or begin"
                    + " anew with --overwrite")
                .formatted(key.getKey(), now, checkpoint.getParent(), before));
      }
    }
  }

  /// The newest whole checkpoint of an output directory, empty where there is none yet.
  static Optional<Resumption> find(Path output, TrainingListener listener) {
    try (RunDirectory directory = RunDirectory.open(output)) {
      return directory.newestWhole(listener::warned).map(Resumption::new);
    }
  }

  /// Puts the trainer where the run stood.
  ///
  /// @param train the texts, which have to be those that the run began with
  Progress restore(TorchTrainer trainer, EncodedTexts train, BestMetric metric) {
    try (Arena arena = Arena.ofConfined()) {
      TrainerState state = TrainerState.read(checkpoint, arena);
      if (!state.state().path(TRAIN_DIGEST).asText().equals(train.digest())) {
        throw new NunchiException(
            Reason.INVALID_DATA,
            "The training texts are not those that the run in %s began with; begin anew with --overwrite"
                .formatted(checkpoint.getParent()));
      }
      Progress progress = Progress.of(state.state(), metric);
      trainer.restore(state.weights(), progress.step(), progress.dropoutMasks());
      return progress;
    }
  }
}
