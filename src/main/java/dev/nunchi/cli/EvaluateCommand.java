package dev.nunchi.cli;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.data.Columns;
import dev.nunchi.data.Example;
import dev.nunchi.data.ExampleReader;
import dev.nunchi.data.LabelMapping;
import dev.nunchi.eval.ClassificationReport;
import dev.nunchi.eval.EvaluationResult;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.Prediction;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Truncation;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `evaluate`: classifies labelled texts and writes how well it went.
@Command(
    name = "evaluate",
    description = "Measures a model on labelled texts.",
    footerHeading = "%nExample:%n",
    footer = {
      "  nunchi evaluate --model my-model --data nsmc/test.tsv.gz --output evaluation",
      "",
      "Prints scikit-learn's classification report; the output directory gets metrics.json and",
      "predictions.tsv. Labels in the file are the model's, or their numbers from 0."
    })
final class EvaluateCommand implements Callable<Integer> {
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
      description = "Directory for metrics.json and predictions.tsv.")
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
    PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
    PrintWriter out = spec.commandLine().getOut();
    try (LoadedModel loaded = backend.load(model, LoadOptions.DEFAULT)) {
      LabelSet labels = loaded.manifest().labels();
      List<Example> examples = read(labels);
      err.printf("Classifying %,d texts …%n", examples.size());
      List<Encoding> encodings = new ArrayList<>(examples.size());
      for (Example example : examples) {
        encodings.add(encode(loaded, example));
      }
      List<Prediction> predictions = loaded.classifier().classifyAll(encodings, batchSize);
      EvaluationResult result = result(labels, examples, predictions);
      new EvaluationFiles(output).write(loaded.manifest(), data, examples, predictions, result);
      out.print(ClassificationReport.of(result.matrix()));
      out.printf(
          "%naccuracy %.4f (95 %% interval %.4f to %.4f), expected calibration error %.4f%n",
          result.matrix().accuracy(),
          result.metrics().get("accuracy_low"),
          result.metrics().get("accuracy_high"),
          result.metrics().get("expected_calibration_error"));
      err.println("Wrote " + output);
    }
    return 0;
  }

  private List<Example> read(LabelSet labels) {
    LabelMapping mapping =
        LabelMapping.parse(labelMapping == null ? numbered(labels) : labelMapping)
            .restrictedTo(labels);
    List<Example> examples =
        new ExampleReader(new Columns(idColumn, textColumn, labelColumn), mapping).read(data);
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

  private static EvaluationResult result(
      LabelSet labels, List<Example> examples, List<Prediction> predictions) {
    int[] actual = new int[examples.size()];
    double[][] probabilities = new double[examples.size()][];
    for (int i = 0; i < actual.length; i++) {
      actual[i] = labels.indexOf(examples.get(i).label()).orElseThrow();
      probabilities[i] =
          predictions.get(i).scores().toList().stream().mapToDouble(Double::doubleValue).toArray();
    }
    return EvaluationResult.of(labels, actual, probabilities);
  }
}
