package dev.nunchi.cli;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.data.Columns;
import dev.nunchi.data.Example;
import dev.nunchi.data.ExampleReader;
import dev.nunchi.data.LabelMapping;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.Prediction;
import dev.nunchi.model.Manifest;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Truncation;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
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
      "  nunchi evaluate --model my-model --data nsmc/test.tsv.gz --output evaluation",
      "",
      "Prints scikit-learn's classification report; the output directory gets metrics.json,",
      "predictions.tsv and report.html, a page for a browser that needs nothing but itself.",
      "Labels in the file are the model's, or their numbers from 0."
    })
final class EvaluateCommand implements Callable<Integer> {
  // Enough for every core to stay busy and for texts of near-equal length to meet; few enough for
  // the progress to move.
  private static final int BATCHES_A_CORE = 8;

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "Model directory (ONNX) or checkpoint directory.")
  private Path model = Path.of("");

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

  @Option(
      names = "--label-mapping",
      paramLabel = "MAPPING",
      description = "Values of the file to labels, as 0=부정,1=긍정; an empty name drops rows.")
  private @Nullable String labelMapping;

  @Option(names = "--id-column", paramLabel = "NAME", description = "Default: id.")
  private @Nullable String idColumn;

  @Option(
      names = "--text-column",
      paramLabel = "NAME",
      description = "Default: document, text or sentence.")
  private @Nullable String textColumn;

  @Option(names = "--label-column", paramLabel = "NAME", description = "Default: label.")
  private @Nullable String labelColumn;

  @Option(
      names = "--truncation",
      defaultValue = "keep-head-and-tail",
      paramLabel = "POLICY",
      converter = TruncationConverter.class,
      description = "Of longer texts: keep-head, keep-head-and-tail or reject (${DEFAULT-VALUE}).")
  private Truncation truncation = Truncation.KEEP_HEAD_AND_TAIL;

  @Option(
      names = "--batch-size",
      defaultValue = "32",
      paramLabel = "N",
      description = "Texts in one batch (${DEFAULT-VALUE}).")
  private int batchSize = 32;

  @Option(
      names = "--backend",
      defaultValue = "auto",
      paramLabel = "BACKEND",
      description = "auto, onnx or torch (${DEFAULT-VALUE}: what the directory holds).")
  private ModelSource backend = ModelSource.AUTO;

  @Override
  public Integer call() {
    CommandSpec command = Objects.requireNonNull(spec);
    if (batchSize < 1) {
      throw new ParameterException(
          command.commandLine(), "--batch-size is at least 1, not " + batchSize);
    }
    PrintWriter err = command.commandLine().getErr();
    try (LoadedModel loaded = backend.load(model, LoadOptions.DEFAULT)) {
      List<Example> examples = read(loaded.manifest());
      err.printf(Locale.ROOT, "Classifying %,d texts …%n", examples.size());
      List<Prediction> predictions =
          classify(loaded, examples, EvaluationProgress.of(err, examples.size()));
      EvaluationOutcome outcome =
          EvaluationOutcome.of(
              loaded.manifest(),
              data.getFileName().toString(),
              examples,
              predictions,
              LearningCurvesFile.read(model));
      new EvaluationFiles(output).write(outcome, examples, predictions);
      command.commandLine().getOut().print(outcome.summary());
      err.println("Wrote " + output);
    }
    return 0;
  }

  private List<Example> read(Manifest manifest) {
    LabelSet labels = manifest.labels();
    LabelMapping mapping =
        LabelMapping.parse(labelMapping == null ? numbered(labels) : labelMapping)
            .restrictedTo(labels);
    List<Example> examples =
        new ExampleReader(
                new Columns(idColumn, textColumn, labelColumn), mapping, manifest.problemType())
            .read(data);
    if (examples.isEmpty()) {
      throw new NunchiException(Reason.INVALID_DATA, data + " has no labelled text");
    }
    return examples;
  }

  /// `0=부정,1=긍정`: the numbers that data sets use in place of names, unless names are numbers.
  private static String numbered(LabelSet labels) {
    StringJoiner mapping = new StringJoiner(",");
    for (int i = 0; i < labels.size(); i++) {
      String name = labels.get(i).name();
      if (name.matches("-?\\d+") || name.contains(",") || name.contains("=")) {
        return "";
      }
      mapping.add(i + "=" + name);
    }
    return mapping.toString();
  }

  private Encoding encode(LoadedModel loaded, Example example) {
    try {
      return loaded.classifier().encode(example.text(), truncation);
    } catch (NunchiException e) {
      throw new NunchiException(
          e.reason(), "%s, id %s: %s".formatted(data, example.id(), e.getMessage()), e);
    }
  }

  private List<Prediction> classify(
      LoadedModel loaded, List<Example> examples, EvaluationProgress progress) {
    // All of them first: a text that is refused is better known before the work than after it.
    List<Encoding> encodings = new ArrayList<>(examples.size());
    for (Example example : examples) {
      encodings.add(encode(loaded, example));
    }
    List<Prediction> predictions = new ArrayList<>(examples.size());
    long most = (long) batchSize * BATCHES_A_CORE * Runtime.getRuntime().availableProcessors();
    int block = (int) Math.min(most, examples.size());
    for (int from = 0; from < encodings.size(); from += block) {
      int to = Math.min(from + block, encodings.size());
      predictions.addAll(loaded.classifier().classifyAll(encodings.subList(from, to), batchSize));
      progress.advanced(to);
    }
    return predictions;
  }
}
