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
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A checkpoint of an earlier process that a run goes on from, with the same recipe and texts.
///
/// @param checkpoint a whole directory with the state of a run
record Resumption(Path checkpoint) {
  static final String RECIPE = "recipe.yaml";
  static final String TRAIN_DIGEST = "train_digest";
  static final String VALIDATION_DIGEST = "validation_digest";
  static final String TEACHER_DIGEST = "teacher_digest";

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
          "gradient_checkpointing",
          "threads",
          "device");

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

  /// @throws NunchiException `INVALID_DATA` where the texts are not those that the run began with:
  ///   other training texts would make other weights, and the best figure so far is one of the
  ///   validation texts
  void requireSameTexts(Corpus corpus) {
    JsonNode state = TrainerState.readNumbers(checkpoint);
    requireSame("training", state.path(TRAIN_DIGEST), corpus.train());
    if (state.has(VALIDATION_DIGEST)) {
      requireSame("validation", state.path(VALIDATION_DIGEST), corpus.validation());
    }
  }

  /// @param teaching null where there is no teacher, nor was one before
  /// @throws NunchiException `INVALID_ARGUMENT` where the teacher is not that of the run: another
  ///   would make other weights
  void requireSameTeacher(@Nullable Teaching teaching) {
    if (teaching == null) {
      return;
    }
    JsonNode begunWith = TrainerState.readNumbers(checkpoint).path(TEACHER_DIGEST);
    if (!begunWith.asText().equals(teaching.teacher().digest())) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          ("The teacher %s is not the one that the run in %s began with, or was changed since; put"
                  + " it back, or begin anew with --overwrite")
              .formatted(teaching.teacher().place(), checkpoint.getParent()));
    }
  }

  private void requireSame(String which, JsonNode digest, EncodedTexts texts) {
    if (!digest.asText().equals(texts.digest())) {
      throw new NunchiException(
          Reason.INVALID_DATA,
          ("The %s texts are not those that the run in %s began with; put them back, or begin anew"
                  + " with --overwrite")
              .formatted(which, checkpoint.getParent()));
    }
  }

  /// Puts the trainer where the run stood.
  Progress restore(TorchTrainer trainer, BestMetric metric) {
    try (Arena arena = Arena.ofConfined()) {
      TrainerState state = TrainerState.read(checkpoint, arena);
      Progress progress = Progress.of(state.state(), metric);
      trainer.restore(state.weights(), progress.step(), progress.dropoutMasks());
      return progress;
    }
  }
}
