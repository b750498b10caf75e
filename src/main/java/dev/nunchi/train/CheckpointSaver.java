package dev.nunchi.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.CheckpointContents;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.StagedDirectory;
import dev.nunchi.model.TrainerState;
import dev.nunchi.nn.Weight;
import dev.nunchi.torch.TorchNetwork;
import dev.nunchi.torch.TorchTrainer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes the network as it is now, as the run's model or as a checkpoint to go on from: complete
/// Hugging Face directories with manifest and probe.
final class CheckpointSaver implements Trainer.Keeper {
  private final Recipe recipe;
  private final StartingPoint start;
  private final Corpus corpus;
  private final @Nullable Teaching teaching;
  private final TorchNetwork network;
  private final RunDirectory output;
  private final TrainingListener listener;
  private final String trainDigest;
  private final String validationDigest;
  private Path tokenizerDirectory;

  /// @param teaching null for a run without a teacher
  CheckpointSaver(
      Recipe recipe,
      StartingPoint start,
      Corpus corpus,
      @Nullable Teaching teaching,
      TorchNetwork network,
      RunDirectory output,
      TrainingListener listener) {
    this.recipe = recipe;
    this.start = start;
    this.corpus = corpus;
    this.teaching = teaching;
    this.network = network;
    this.output = output;
    this.listener = listener;
    this.trainDigest = corpus.train().digest();
    this.validationDigest = corpus.validation().digest();
    this.tokenizerDirectory = start.tokenizerDirectory();
  }

  /// @param evaluation of these weights on validation
  @Override
  public void keepModel(long step, Evaluation evaluation) {
    network.withIntercepts(evaluation.intercepts(), () -> writeModel(step, evaluation));
    listener.saved(output.path());
  }

  private void writeModel(long step, Evaluation evaluation) {
    Map<String, Double> quality = new LinkedHashMap<>();
    if (evaluation.isMeasured()) {
      for (BestMetric metric : evaluation.figures()) {
        quality.put("validation_" + metric.key(), evaluation.value(metric));
      }
      quality.put("validation_count", (double) evaluation.count());
    }
    Manifest manifest =
        manifest(step, quality, evaluation.notes()).withTemperature(evaluation.temperature());
    try (StagedDirectory staged = output.stage()) {
      write(
          staged,
          manifest,
          Map.of(
              Resumption.RECIPE,
              RecipeReader.write(recipe),
              "README.md",
              new ModelCard(recipe, manifest).markdown()),
          null);
      staged.commit().forEach(this::warnOfKept);
    } catch (NunchiException e) {
      throw notSaved(e);
    }
  }

  @Override
  public void keepCheckpoint(Progress progress, TorchTrainer trainer) {
    Path checkpoint = output.checkpoint(progress.step());
    ObjectNode state = progress.toJson();
    state.put(Resumption.TRAIN_DIGEST, trainDigest);
    state.put(Resumption.VALIDATION_DIGEST, validationDigest);
    if (teaching != null) {
      state.put(Resumption.TEACHER_DIGEST, teaching.teacher().digest());
    }
    try (StagedDirectory staged = output.stage()) {
      write(
          staged,
          manifest(progress.step(), Map.of(), List.of()),
          Map.of(Resumption.RECIPE, RecipeReader.write(recipe)),
          new TrainerState(trainer.state(), state));
      staged.commitAs(checkpoint).forEach(this::warnOfKept);
    } catch (NunchiException e) {
      throw notSaved(e);
    }
    // The one that the run went on from may be pruned.
    tokenizerDirectory = checkpoint;
    output.prune(progress.step(), recipe.watch().saveTotalLimit());
    listener.saved(checkpoint);
  }

  private void warnOfKept(Path path) {
    listener.warned("What stood in the way is now " + path);
  }

  private static NunchiException notSaved(NunchiException e) {
    return e.reason() == Reason.IO_FAILURE
        ? new NunchiException(
            e.reason(),
            e.getMessage()
                + "; what was saved before is whole, and the same command with --resume goes on"
                + " from there",
            e)
        : e;
  }

  private void write(
      StagedDirectory staged,
      Manifest manifest,
      Map<String, String> documents,
      @Nullable TrainerState state) {
    new CheckpointContents(
            start.config(),
            corpus.labels(),
            recipe.data().problemType(),
            weights(),
            tokenizerDirectory,
            manifest,
            documents,
            start.adapter(),
            state)
        .write(staged.path());
  }

  /// Those of the whole network, or of what an adapter trains of it.
  private Map<String, Weight> weights() {
    Map<String, Weight> weights = new LinkedHashMap<>(network.weights());
    if (start.adapter() != null) {
      network.network().parameters().stream()
          .filter(parameter -> !network.network().trains(parameter))
          .forEach(parameter -> weights.remove(parameter.name()));
    }
    return weights;
  }

  private Manifest manifest(long step, Map<String, Double> quality, List<String> notes) {
    Map<String, String> provenance = new LinkedHashMap<>();
    put(provenance, "description", recipe.card().description());
    put(provenance, "license", recipe.card().license());
    put(provenance, "data_source", recipe.card().dataSource());
    provenance.putAll(start.baseModel());
    if (teaching != null) {
      provenance.putAll(teaching.provenance());
    }
    provenance.put("training_step", Long.toString(step));
    return Manifest.of(
            name(),
            corpus.labels(),
            recipe.data().problemType(),
            start.normalization(),
            recipe.data().maxLength())
        .withInputTemplate(recipe.data().inputTemplate())
        .withProbe(new ProbeRecorder(corpus.encoder()).record(network, output.path()))
        .withOrigin(new Manifest.Origin(quality, provenance, notes));
  }

  private String name() {
    String given = recipe.card().name();
    return given == null
        ? output.path().toAbsolutePath().normalize().getFileName().toString()
        : given;
  }

  private static void put(Map<String, String> map, String key, @Nullable String value) {
    if (value != null) {
      map.put(key, value);
    }
  }
}
