package dev.nunchi.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.data.DataReport;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.nn.LowRank;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weights;
import dev.nunchi.torch.ComputeDevice;
import dev.nunchi.torch.FreshParameters;
import dev.nunchi.torch.TorchNetwork;
import dev.nunchi.torch.TorchRuntime;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// From a recipe and files to a trained checkpoint: reads, encodes, trains, and keeps the best.
public final class TrainingRun {
  /// What is done about a run that stands in the output directory.
  public enum Mode {
    /// Begins, unless there are checkpoints or a model of an earlier run.
    START,
    /// Goes on from the newest whole checkpoint; begins where there is none yet.
    RESUME,
    /// Begins, removes the checkpoints of an earlier run, and replaces its model.
    OVERWRITE
  }

  private final Recipe recipe;
  private final Path data;
  private final Path output;
  private final Mode mode;
  private final TrainingListener listener;
  private final RunModels models;

  /// Starts from the directory that the recipe names, if it names one; for a recipe without a
  /// teacher.
  ///
  /// @param data directory that the recipe's files are relative to
  /// @param output directory of the run: the model, and checkpoints to go on from
  public TrainingRun(Recipe recipe, Path data, Path output, Mode mode, TrainingListener listener) {
    this(recipe, data, output, mode, listener, RunModels.of(recipe));
  }

  /// @param models those that the recipe names
  public TrainingRun(
      Recipe recipe,
      Path data,
      Path output,
      Mode mode,
      TrainingListener listener,
      RunModels models) {
    if (recipe.distillation().hasTeacher() != (models.teacher() != null)) {
      throw new IllegalArgumentException("The recipe's teacher should be among the models");
    }
    this.recipe = recipe;
    this.data = data;
    this.output = output;
    this.mode = mode;
    this.listener = listener;
    this.models = models;
  }

  /// Trains to the end or until `stop` is requested.
  ///
  /// @throws NunchiException where the recipe, the data or the base checkpoint does not do, or
  ///   something is in the way in the output directory
  public void run(StopSignal stop) {
    watched(stop, false);
  }

  /// Does all that [#run] does before the first step, and refuses what it would; writes nothing.
  public void dryRun(StopSignal stop) {
    watched(stop, true);
  }

  private void watched(StopSignal stop, boolean dry) {
    boolean done = false;
    try {
      prepare(stop, dry);
      done = true;
    } finally {
      if (!done) {
        listener.failed();
      }
    }
  }

  private void prepare(StopSignal stop, boolean dry) {
    Optional<Path> earlier = RunDirectory.examine(output, mode, models.base(), listener::warned);
    if (models.teacher() != null) {
      RunDirectory.requireApart(output, models.teacher().teacher().description().place());
    }
    @Nullable Resumption resumption = earlier.map(Resumption::new).orElse(null);
    if (resumption != null) {
      resumption.requireSameRecipe(recipe);
    } else if (mode == Mode.RESUME) {
      listener.warned(output + " has no checkpoint yet; the run begins at its start");
    }
    if (recipe.optimization().fp16()) {
      listener.warned(
          "fp16 is computed in bf16, which is as large and needs no scaling of the loss; the model"
              + " is the same kind of checkpoint, in fp32");
    }
    if (!dry && recipe.watch().device() == ComputeDevice.CUDA) {
      // Not after minutes of reading.
      TorchRuntime.load(recipe.watch().threads());
      recipe.watch().device().resolved();
    }
    listener.preparing("Reading texts");
    TrainingTexts texts = TrainingTexts.read(recipe, data);
    texts.notes().forEach(listener::warned);
    if (!texts.hasValidation()) {
      listener.warned(
          "There are no validation texts: nothing is measured, and the temperature is 1");
    }
    try (StartingPoint start = start(texts, resumption)) {
      train(start, texts.ordered(start.labels()), resumption, stop, dry);
    }
  }

  private StartingPoint start(TrainingTexts texts, @Nullable Resumption resumption) {
    if (resumption != null) {
      return StartingPoint.ofRun(resumption, recipe, models.bases());
    }
    return models.base() == null
        ? StartingPoint.fresh(recipe, texts, listener)
        : StartingPoint.ofBase(models.base(), recipe, texts.labels(), listener, models.bases());
  }

  private void train(
      StartingPoint start,
      TrainingTexts texts,
      @Nullable Resumption resumption,
      StopSignal stop,
      boolean dry) {
    if (start.adapter() != null) {
      // The base of an adapter, which may not be the directory that the recipe names.
      RunDirectory.requireApart(output, Path.of(start.adapter().base().name()));
    }
    Network description = start.network();
    requirePositions(description);
    requireBias(description);
    @Nullable Lesson lesson = Lesson.of(models.teacher(), recipe, texts, listener);
    @Nullable Teaching teaching = lesson == null ? null : lesson.teaching();
    listener.preparing("Encoding texts");
    try (Corpus encoded = Corpus.encode(texts, start, recipe)) {
      DataReport report = encoded.report(texts);
      listener.inspected(report);
      report.warnings().forEach(listener::warned);
      if (resumption != null) {
        resumption.requireSameTexts(encoded);
        resumption.requireSameTeacher(teaching);
      }
      EvaluationPlan evaluation = EvaluationPlan.of(recipe, encoded.labels());
      Course course =
          Course.of(
              recipe,
              description,
              start.weights(),
              encoded,
              TextNoise.of(recipe, texts.learnt(), encoded),
              evaluation);
      Schedule.boundOf(recipe.optimization(), course.steps().total()).ifPresent(listener::warned);
      Trainer.boundOf(recipe.optimization(), course.steps()).ifPresent(listener::warned);
      TrainingListener.Plan plan = plan(course, description, start.weights(), encoded);
      if (dry) {
        listener.planned(plan);
        return;
      }
      Corpus corpus = lesson == null ? encoded : lesson.teach(encoded, stop);
      if (!stop.beginSteps()) {
        return;
      }
      // What reading and encoding left on the heap would stay resident beside the tensors.
      System.gc();
      TorchRuntime.load(recipe.watch().threads());
      FreshParameters fresh =
          new FreshParameters(
              NewNetwork.deviation(start.config(), "config.json"), recipe.optimization().seed());
      try (TorchNetwork network =
              new TorchNetwork(
                  description, start.weights(), fresh, recipe.watch().device().resolved());
          Trainer trainer =
              new Trainer(recipe, network, corpus, course, evaluation, output, listener)) {
        listener.planned(plan);
        try (RunDirectory directory = RunDirectory.open(output, mode)) {
          if (resumption != null) {
            resume(trainer, resumption);
          }
          write(report, teaching, directory);
          TrainingListener.Ending outcome =
              trainer.run(
                  new CheckpointSaver(
                      recipe, start, corpus, teaching, network, directory, listener),
                  stop);
          if (!outcome.stopped()) {
            ManifestFile.read(output)
                .ifPresent(kept -> kept.origin().notes().forEach(listener::warned));
            directory.finished();
          }
          listener.ended(outcome);
        }
      }
    }
  }

  /// A report that cannot be written is not worth the run.
  private void write(DataReport report, @Nullable Teaching teaching, RunDirectory directory) {
    ObjectNode json = report.toJson();
    if (teaching != null) {
      json.set("teacher", teaching.toJson());
    }
    try {
      directory.write(RunDirectory.DATA_REPORT, json.toPrettyString() + "\n");
    } catch (NunchiException e) {
      listener.warned(e.getMessage() + "; the training goes on without it");
    }
  }

  private void resume(Trainer trainer, Resumption resumption) {
    Progress progress = resumption.restore(trainer.torch(), recipe.watch().metricForBestModel());
    trainer.resume(progress);
    listener.resumed(resumption.checkpoint(), progress.step());
  }

  private static TrainingListener.Plan plan(
      Course course, Network network, Weights weights, Corpus corpus) {
    EncodedTexts train = corpus.train();
    List<Parameter> parameters = network.parameters();
    return new TrainingListener.Plan(
        corpus.labels(),
        train.size(),
        corpus.validation().size(),
        train.tokens(),
        train.truncated(),
        parameters.stream().mapToLong(Parameter::size).sum(),
        parameters.stream()
            .filter(course.freezing().learners(network))
            .mapToLong(Parameter::size)
            .sum(),
        parameters.stream()
            .map(Parameter::name)
            .filter(name -> !weights.names().contains(name) && !LowRank.isParameter(name))
            .toList(),
        parameters.size(),
        course.steps().total(),
        course.steps().epoch(course.steps().total()),
        course.memory());
  }

  private void requireBias(Network network) {
    if (recipe.loss().fitIntercepts() && network.outputBias().isEmpty()) {
      throw new NunchiException(
          Reason.INVALID_RECIPE,
          "fit_intercepts adds to the classifier's bias, which this network, as all decoders, does"
              + " not have; set it to false");
    }
  }

  private void requirePositions(Network network) {
    if (recipe.data().maxLength() > network.maxPositions()) {
      throw new NunchiException(
          Reason.INVALID_RECIPE,
          "max_length is %d, but the network has %d positions (max_position_embeddings)"
              .formatted(recipe.data().maxLength(), network.maxPositions()));
    }
  }
}
