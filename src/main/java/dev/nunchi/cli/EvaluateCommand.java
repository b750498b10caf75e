package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.data.Example;
import dev.nunchi.data.ReadingNotes;
import dev.nunchi.data.UnknownTokens;
import dev.nunchi.eval.Robustness;
import dev.nunchi.infer.Classifier;
import dev.nunchi.infer.InferenceOptions.Device;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.Prediction;
import dev.nunchi.model.BaseModels;
import dev.nunchi.model.Manifest;
import dev.nunchi.text.Truncation;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `evaluate`: classifies labelled texts and writes how well it went.
@Command(
    name = "evaluate",
    description = "Measures a model on labelled texts.",
    footerHeading = "%nExample:%n",
    footer = {
      "  nunchi evaluate --model my-model --data reviews/test.tsv --output evaluation",
      "",
      "Prints scikit-learn's classification report; the output directory gets metrics.json,",
      "predictions.tsv and report.html, a page for a browser that needs nothing but itself.",
      "Labels in the file are the model's, or their numbers from 0; metrics.json says for which a",
      "number was taken. Rows with an empty text are left out and counted. Of a regression the",
      "label column holds numbers; the figures are MAE, RMSE, Pearson and Spearman.",
      "",
      "With --compare OTHER, metrics.json gets 'comparison' and predictions.tsv a column of what",
      "OTHER says; p is how likely such a split of the texts that one model alone has right is",
      "among models that are equally good.",
      "",
      "A job that puts a model to use only if it is good enough:",
      "",
      "  nunchi evaluate --model my-model --data reviews/test.tsv --output evaluation \\",
      "      --at-least accuracy=0.85 --at-least macro_f1=0.8"
    })
final class EvaluateCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR|NAME",
      description = "Model directory (ONNX), checkpoint or adapter directory, or a model's name.")
  private ModelArgument model = ModelArgument.NONE;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "FILE",
      description = "Labelled texts: .tsv, .csv or .jsonl, also .gz.")
  private Path data = Path.of("");

  @Option(
      names = "--output",
      required = true,
      paramLabel = "DIR",
      description = "Directory for metrics.json, predictions.tsv and report.html.")
  private Path output = Path.of("");

  @Option(names = "--overwrite", description = "Replaces an earlier evaluation in the output.")
  private boolean overwrite;

  @Option(
      names = "--compare",
      paramLabel = "DIR|NAME",
      description =
          "Another model of the same labels, which classifies the same texts: says how much better"
              + " one is, with McNemar's exact test.")
  private @Nullable ModelArgument compare;

  @Option(
      names = "--at-least",
      paramLabel = "FIGURE=VALUE",
      description = {
        "Ends with exit code 1 where a figure at the top of metrics.json, such as accuracy, is"
            + " under that value; the files are written all the same, the reference of"
            + " --set-reference is not. Give it again for further figures."
      })
  private Map<String, Double> atLeast = new LinkedHashMap<>();

  @Option(
      names = "--set-reference",
      description =
          "Writes into the model's nunchi.json how it answers these texts, in place of what was"
              + " there; a server then tells how far its callers' texts are from them"
              + " (nunchi_drift_index). Not of a model that was pulled: copy or export it first.")
  private boolean setReference;

  @Mixin private LabelledFile labelled = new LabelledFile();

  @Mixin private ContextColumn contextColumn = new ContextColumn();

  @Option(
      names = "--truncation",
      defaultValue = "keep-head-and-tail",
      paramLabel = "POLICY",
      converter = TruncationConverter.class,
      description = "Of longer texts: keep-head, keep-head-and-tail or reject (${DEFAULT-VALUE}).")
  private Truncation truncation = Truncation.KEEP_HEAD_AND_TAIL;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      description =
          "Texts in one batch (default: "
              + Classifier.USUAL_BATCH_SIZE
              + ", or 1 for a model whose answer to a text depends on what is run beside it).")
  private @Nullable Integer batchSize;

  @Option(
      names = "--device",
      paramLabel = "auto|cpu|cuda",
      defaultValue = "auto",
      description = "What the model runs on (default: auto, a GPU where one can be used).")
  private Device device = Device.AUTO;

  @Option(
      names = "--backend",
      defaultValue = "auto",
      paramLabel = "BACKEND",
      description = "auto, onnx or torch (${DEFAULT-VALUE}: what the directory holds).")
  private ModelSource backend = ModelSource.AUTO;

  @Option(
      names = "--noise",
      arity = "0..1",
      fallbackValue = NoiseSelection.ALL,
      paramLabel = "KIND,…",
      converter = NoiseSelection.Converter.class,
      completionCandidates = NoiseSelection.Keys.class,
      description =
          "Also classifies the texts under noise, and says how much accuracy each kind takes and"
              + " how many labels it flips; all where none is named, or some of"
              + " ${COMPLETION-CANDIDATES}.")
  private NoiseSelection noise = NoiseSelection.NONE;

  @Override
  public Integer call() {
    CommandSpec command = Objects.requireNonNull(spec);
    if (batchSize != null && batchSize < 1) {
      throw new ParameterException(
          command.commandLine(), "--batch-size is at least 1, not " + batchSize);
    }
    PrintWriter err = command.commandLine().getErr();
    EvaluationFiles files = new EvaluationFiles(output);
    files.require(overwrite);
    Path directory = model.directory(command);
    @Nullable DriftReference reference =
        setReference ? DriftReference.of(directory, command) : null;
    @Nullable Path other = compare == null ? null : compare.directory(command);
    if (other != null) {
      BaseModels bases = ModelArgument.bases(command);
      ComparedModel.requireComparable(
          directory, backend.manifest(directory, bases), other, backend.manifest(other, bases));
    }
    LeastFigures least = new LeastFigures(atLeast);
    EvaluationRun run;
    Manifest manifest;
    try (LoadedModel loaded = load(directory, command)) {
      manifest = loaded.manifest();
      least.requireNames(EvaluationOutcome.ofMadeUpText(manifest).metricsJson());
      run = evaluate(loaded, directory, command);
    }
    if (other != null) {
      run = run.beside(compared(manifest, run, other, command));
    }
    files.write(run);
    err.println("Wrote " + output);
    least.require(run.outcome().metricsJson(), output);
    if (reference != null) {
      // Only of a model that is good enough, which is known by now.
      reference.write(run.predictions());
      err.println("Wrote how it answers them into " + reference.file());
    }
    return 0;
  }

  private LoadedModel load(Path directory, CommandSpec command) {
    return backend.load(directory, LoadOptions.DEFAULT.on(device), ModelArgument.bases(command));
  }

  private EvaluationRun evaluate(LoadedModel loaded, Path directory, CommandSpec command) {
    PrintWriter err = command.commandLine().getErr();
    if (!noise.kinds().isEmpty()
        && loaded.manifest().task().problemType() == ProblemType.REGRESSION) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "--noise counts the labels that flip, and %s is a regression, which has none; leave it out"
              .formatted(directory));
    }
    ReadingNotes notes = new ReadingNotes();
    contextColumn.check(loaded, err);
    List<Example> examples =
        labelled.read(
            data,
            loaded.manifest().task().labels(),
            loaded.manifest().task().problemType(),
            contextColumn.name(),
            notes);
    notes.sentences().forEach(sentence -> err.println("Note: " + sentence));
    err.printf(Locale.ROOT, "Classifying %,d texts …%n", examples.size());
    List<Prediction> predictions = classify(loaded, examples, "", err);
    double unknownShare = unknownShare(predictions);
    UnknownTokens.warning("the texts", unknownShare)
        .ifPresent(sentence -> err.println("Note: " + sentence));
    EvaluationOutcome outcome =
        EvaluationOutcome.of(
            loaded.manifest(),
            data.getFileName().toString(),
            examples,
            predictions,
            LearningCurvesFile.read(directory));
    PrintWriter out = command.commandLine().getOut();
    out.print(outcome.summary());
    out.flush();
    outcome.cautions().forEach(caution -> err.println("Note: " + caution));
    Robustness robustness =
        new NoiseSuite(
                (texts, kind) ->
                    classify(loaded, texts, ", with noise " + kind, err).stream()
                        .map(outcome::predicted)
                        .toList(),
                kind -> err.printf(Locale.ROOT, "With noise %s …%n", kind))
            .run(noise.kinds(), examples, predictions.stream().map(outcome::predicted).toList());
    out.print(NoiseSuite.table(robustness));
    out.flush();
    return new EvaluationRun(notes, examples, predictions, outcome, unknownShare, robustness, null);
  }

  /// What another model says of the same texts; each of the two gets the contexts that it reads.
  private ComparedModel compared(
      Manifest manifest, EvaluationRun run, Path directory, CommandSpec command) {
    PrintWriter err = command.commandLine().getErr();
    try (LoadedModel other = load(directory, command)) {
      boolean readsContext = other.manifest().text().inputTemplate() != null;
      if (readsContext) {
        contextColumn.check(other, err);
      }
      List<Example> examples =
          readsContext
              ? run.examples()
              : run.examples().stream()
                  .map(each -> new Example(each.id(), each.text(), each.labels()))
                  .toList();
      err.printf(Locale.ROOT, "Classifying them with %s …%n", directory);
      ComparedModel compared =
          ComparedModel.of(
              manifest,
              run,
              directory,
              other.manifest(),
              classify(other, examples, ", with " + directory, err).stream()
                  .map(run.outcome()::predicted)
                  .toList());
      command.commandLine().getOut().print(compared.summary());
      command.commandLine().getOut().flush();
      return compared;
    }
  }

  /// Over all tokens that the model read, special ones in the whole.
  private static double unknownShare(List<Prediction> predictions) {
    double unknown = 0;
    double tokens = 0;
    for (Prediction prediction : predictions) {
      unknown += prediction.unknownTokenShare() * prediction.tokenCount();
      tokens += prediction.tokenCount();
    }
    return unknown / tokens;
  }

  /// @param condition what an error says of how a text was classified
  private List<Prediction> classify(
      LoadedModel loaded, List<Example> examples, String condition, PrintWriter err) {
    ClassificationProgress progress =
        ClassificationProgress.of(err, OptionalInt.of(examples.size()));
    List<Prediction> predictions = new ArrayList<>(examples.size());
    new BulkClassification(
            loaded.classifier(),
            truncation,
            batchSize == null ? loaded.classifier().usualBatchSize() : batchSize,
            progress)
        .run(
            examples.stream()
                .<InputText>map(example ->
                    new InputText.Readable(
                        0,
                        data + ", id " + example.id() + condition,
                        example.text(),
                        example.context()))
                .iterator(),
            new Collected(predictions));
    return predictions;
  }

  /// Keeps the predictions; a text without one ends the evaluation.
  private record Collected(List<Prediction> predictions) implements AnswerWriter {
    @Override
    public void answer(String text, Prediction prediction) {
      predictions.add(prediction);
    }

    @Override
    public void refusal(Refusal refusal) {
      throw refusal.why();
    }
  }
}
