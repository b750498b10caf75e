package dev.nunchi.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.data.DataReport;
import dev.nunchi.data.DataSplit;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.model.Provenance;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import dev.nunchi.text.CharacterVocabulary;
import dev.nunchi.text.Normalization;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import dev.nunchi.text.Vocabulary;
import dev.nunchi.torch.Loss;
import dev.nunchi.torch.TorchNetwork;
import dev.nunchi.torch.TorchRuntime;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
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

  private static final String BASE_MODEL = "base_model";

  private final Recipe recipe;
  private final Path data;
  private final Path output;
  private final Mode mode;
  private final TrainingListener listener;
  private final @Nullable Path base;

  /// Starts from the directory that the recipe names, if it names one.
  ///
  /// @param data directory that the recipe's files are relative to
  /// @param output directory of the run: the model, and checkpoints to go on from
  public TrainingRun(Recipe recipe, Path data, Path output, Mode mode, TrainingListener listener) {
    this(recipe, data, output, mode, listener, directory(recipe.start().modelNameOrPath()));
  }

  private TrainingRun(
      Recipe recipe,
      Path data,
      Path output,
      Mode mode,
      TrainingListener listener,
      @Nullable Path base) {
    this.recipe = recipe;
    this.data = data;
    this.output = output;
    this.mode = mode;
    this.listener = listener;
    this.base = base;
  }

  private static @Nullable Path directory(@Nullable String path) {
    return path == null ? null : Path.of(path);
  }

  /// The same run from the directory where the model lies that the recipe names.
  public TrainingRun from(Path base) {
    return new TrainingRun(recipe, data, output, mode, listener, base);
  }

  /// Trains to the end or until `stop` is requested.
  ///
  /// @throws NunchiException where the recipe, the data or the base checkpoint does not do, or
  ///   something is in the way in the output directory
  public void run(StopSignal stop) {
    prepare(stop, false);
  }

  /// Does all that [#run] does before the first step, and refuses what it would; writes nothing.
  public void dryRun(StopSignal stop) {
    prepare(stop, true);
  }

  private void prepare(StopSignal stop, boolean dry) {
    Optional<Path> earlier = RunDirectory.examine(output, mode, base, listener::warned);
    @Nullable Resumption resumption = earlier.map(Resumption::new).orElse(null);
    if (resumption != null) {
      resumption.requireSameRecipe(recipe);
    } else if (mode == Mode.RESUME) {
      listener.warned(output + " has no checkpoint yet; the run begins at its start");
    }
    listener.preparing("Reading texts");
    TrainingTexts texts = TrainingTexts.read(recipe, data);
    texts.notes().forEach(listener::warned);
    if (!texts.hasValidation()) {
      listener.warned(
          "There are no validation texts: nothing is measured, and the temperature is 1");
    }
    if (resumption != null) {
      try (CheckpointDirectory checkpoint = CheckpointDirectory.open(resumption.checkpoint())) {
        checkpoint.requireComplete();
        train(
            texts.ordered(checkpoint.labels()),
            checkpoint.config(),
            checkpoint.weights(),
            checkpoint.path(),
            checkpoint.description().text().normalization(),
            resumption,
            stop,
            dry);
      }
    } else if (base == null) {
      startFresh(texts, stop, dry);
    } else {
      startFrom(base, texts, stop, dry);
    }
  }

  private void startFrom(Path base, TrainingTexts texts, StopSignal stop, boolean dry) {
    // What a recipe says of the order goes before; the data has no order of its own.
    CheckpointDirectory.Order order =
        recipe.data().labels() == null
            ? CheckpointDirectory.Order.OF_THE_CHECKPOINT
            : CheckpointDirectory.Order.AS_WANTED;
    try (CheckpointDirectory checkpoint =
        CheckpointDirectory.open(base, texts.labels(), order, recipe.data().problemType())) {
      if (checkpoint.losesHead()) {
        listener.warned(
            "The labels of %s are not those of the texts, so its head is left and a new one begins"
                .formatted(base));
      }
      Set<String> fresh = new HashSet<>();
      checkpoint.missing().forEach(parameter -> fresh.add(parameter.name()));
      train(
          texts.ordered(checkpoint.labels()),
          checkpoint.config(),
          new KnownWeights(checkpoint.weights(), fresh),
          checkpoint.path(),
          normalization(base),
          null,
          stop,
          dry);
    }
  }

  private void startFresh(TrainingTexts texts, StopSignal stop, boolean dry) {
    Normalization normalization = normalization(null);
    listener.preparing(
        recipe.start().tokenizerType() == Recipe.TokenizerType.BPE
            ? String.format(
                Locale.ROOT,
                "Training a vocabulary of %,d pieces",
                recipe.start().tokenizerVocabSize())
            : "Collecting the characters of the vocabulary");
    try (FreshVocabulary vocabulary =
        FreshVocabulary.train(texts.train(), Normalizer.of(normalization), recipe)) {
      ObjectNode config =
          new ObjectMapper().valueToTree(Objects.requireNonNull(recipe.start().modelConfig()));
      config.put("vocab_size", vocabulary.size());
      config.put("pad_token_id", Vocabulary.PAD_ID);
      if (recipe.start().tokenizerType() == Recipe.TokenizerType.CHARACTERS) {
        config.put("first_syllable_id", CharacterVocabulary.FIRST_SYLLABLE_ID);
      }
      setLabels(config, texts.labels());
      NewNetwork.check(config);
      train(texts, config, Weights.NONE, vocabulary.directory(), normalization, null, stop, dry);
    }
  }

  private void train(
      TrainingTexts texts,
      ObjectNode config,
      Weights weights,
      Path tokenizerDirectory,
      Normalization normalization,
      @Nullable Resumption resumption,
      StopSignal stop,
      boolean dry) {
    Network description = Network.of(config);
    requirePositions(description);
    LabelSet labels = texts.labels();
    Truncation truncation = Truncation.valueOf(recipe.data().truncation().toUpperCase(Locale.ROOT));
    try (TextEncoder encoder =
        TextEncoder.open(
            tokenizerDirectory, Normalizer.of(normalization), recipe.data().maxLength())) {
      listener.preparing("Encoding texts");
      EncodedTexts train = EncodedTexts.of(texts.train(), labels, encoder, truncation);
      EncodedTexts validation = EncodedTexts.of(texts.validation(), labels, encoder, truncation);
      DataReport report = inspect(texts, train, validation, encoder.specialTokens());
      if (resumption != null) {
        resumption.requireSameTexts(train, validation);
      }
      EvaluationPlan evaluation = EvaluationPlan.of(recipe, labels);
      Loss loss =
          new ClassWeights(recipe.loss(), labels).loss(recipe.data().problemType(), train.labels());
      Course course =
          Course.of(
              recipe,
              description,
              train,
              TextNoise.of(recipe, texts.train(), encoder, truncation),
              validation,
              evaluation);
      Schedule.boundOf(recipe.optimization(), course.steps().total()).ifPresent(listener::warned);
      TrainingListener.Plan plan = plan(course, description, weights, labels, train, validation);
      if (dry) {
        listener.planned(plan);
        return;
      }
      if (!stop.beginSteps()) {
        return;
      }
      // What reading and encoding left on the heap would stay resident beside the tensors.
      System.gc();
      TorchRuntime.load(recipe.watch().threads());
      TorchRuntime.seed(recipe.optimization().seed());
      double deviation = NewNetwork.deviation(config, "config.json");
      try (TorchNetwork network = new TorchNetwork(description, weights, deviation);
          Trainer trainer =
              new Trainer(recipe, network, loss, train, course, validation, evaluation, listener)) {
        listener.planned(plan);
        try (RunDirectory directory = RunDirectory.open(output, mode)) {
          if (resumption != null) {
            resume(trainer, resumption);
          }
          write(report, directory);
          CheckpointSaver saver =
              new CheckpointSaver(
                  recipe,
                  config,
                  labels,
                  train,
                  validation,
                  normalization,
                  encoder,
                  tokenizerDirectory,
                  network,
                  directory,
                  baseModel(resumption),
                  listener);
          TrainingListener.Outcome outcome = trainer.run(saver, stop);
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

  /// What manifest and card say of the model that the run started from.
  private Map<String, String> baseModel(@Nullable Resumption resumption) {
    Map<String, String> known = new LinkedHashMap<>();
    if (recipe.start().modelNameOrPath() != null) {
      known.put(BASE_MODEL, recipe.start().modelNameOrPath());
    }
    if (resumption != null) {
      // The checkpoint knows; the base may have gone.
      ManifestFile.read(resumption.checkpoint())
          .ifPresent(kept ->
              kept.origin()
                  .provenance()
                  .forEach((key, value) -> {
                    if (key.startsWith(BASE_MODEL)) {
                      known.put(key, value);
                    }
                  }));
    } else if (base != null) {
      known.putAll(Provenance.of(base).asBase());
    }
    return known;
  }

  private DataReport inspect(
      TrainingTexts texts, EncodedTexts train, EncodedTexts validation, int specialTokens) {
    List<DataSplit> splits = new ArrayList<>();
    splits.add(
        new DataSplit(
            "train",
            texts.train(),
            texts.emptyTrainTexts(),
            i -> train.encodings().get(i).tokenCount(),
            train.unknownShare(specialTokens)));
    if (texts.hasValidation()) {
      splits.add(
          new DataSplit(
              "validation",
              texts.validation(),
              texts.emptyValidationTexts(),
              i -> validation.encodings().get(i).tokenCount(),
              validation.unknownShare(specialTokens)));
    }
    DataReport report = DataReport.of(texts.labels(), splits);
    listener.inspected(report);
    report.warnings().forEach(listener::warned);
    return report;
  }

  /// A report that cannot be written is not worth the run.
  private void write(DataReport report, RunDirectory directory) {
    try {
      directory.write(RunDirectory.DATA_REPORT, report.toJson().toPrettyString() + "\n");
    } catch (NunchiException e) {
      listener.warned(e.getMessage() + "; the training goes on without it");
    }
  }

  private void resume(Trainer trainer, Resumption resumption) {
    Progress progress = resumption.restore(trainer.torch(), recipe.watch().metricForBestModel());
    trainer.resume(progress);
    listener.resumed(resumption.checkpoint(), progress.step());
  }

  private TrainingListener.Plan plan(
      Course course,
      Network network,
      Weights weights,
      LabelSet labels,
      EncodedTexts train,
      EncodedTexts validation) {
    List<Parameter> parameters = network.parameters();
    return new TrainingListener.Plan(
        labels,
        train.size(),
        validation.size(),
        train.tokens(),
        train.truncated(),
        parameters.stream().mapToLong(Parameter::size).sum(),
        parameters.stream().map(Parameter::name).filter(n -> !weights.names().contains(n)).toList(),
        parameters.size(),
        course.steps().total(),
        course.steps().epoch(course.steps().total()),
        course.memory());
  }

  private void requirePositions(Network network) {
    if (recipe.data().maxLength() > network.maxPositions()) {
      throw new NunchiException(
          Reason.INVALID_RECIPE,
          "max_length is %d, but the network has %d positions (max_position_embeddings)"
              .formatted(recipe.data().maxLength(), network.maxPositions()));
    }
  }

  /// As the recipe says, else as the base was trained, else every step.
  private Normalization normalization(@Nullable Path base) {
    @Nullable String wanted = recipe.data().normalization();
    if (wanted != null) {
      return wanted.equals("none") ? Normalization.NONE : Normalization.STANDARD;
    }
    return base == null
        ? Normalization.STANDARD
        : ManifestFile.read(base)
            .map(manifest -> manifest.text().normalization())
            .orElse(Normalization.NONE);
  }

  private static void setLabels(ObjectNode config, LabelSet labels) {
    ObjectNode id2label = config.putObject("id2label");
    for (int i = 0; i < labels.size(); i++) {
      id2label.put(Integer.toString(i), labels.get(i).name());
    }
  }

  /// The weights of a checkpoint without those that start afresh.
  private record KnownWeights(Weights all, Set<String> fresh) implements Weights {
    @Override
    public Set<String> names() {
      Set<String> names = new HashSet<>(all.names());
      names.removeAll(fresh);
      return names;
    }

    @Override
    public Weight get(String name) {
      return all.get(name);
    }
  }
}
