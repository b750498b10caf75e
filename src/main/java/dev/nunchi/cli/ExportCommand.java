package dev.nunchi.cli;

import dev.nunchi.data.ReadingNotes;
import dev.nunchi.export.BaseExporter;
import dev.nunchi.export.ExportOptions;
import dev.nunchi.export.OnnxExporter;
import dev.nunchi.model.BaseModels;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.ExitCleanUp;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.OutputDirectory;
import dev.nunchi.model.Precision;
import dev.nunchi.model.Probe;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `export`: writes a checkpoint as an ONNX model directory that `serve` and `classify` open.
@Command(
    name = "export",
    description = "Writes a checkpoint as an ONNX model directory, proved against its probe.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  nunchi export --model my-checkpoint --output my-model",
      "      In fp32, the numbers of training.",
      "  nunchi export --model my-checkpoint --output my-model --precision int8 \\",
      "      --calibration reviews/train.tsv --validation reviews/validation.tsv",
      "      In int8: a quarter of the size and about twice as fast on a CPU, or more. Layers that"
          + " would",
      "      change too many labels stay in fp32. Refused where even so fewer than 99.5 %% of the",
      "      validation texts keep their label, or the accuracy changes by more than 0.2 points;",
      "      --accept-agreement 0.97 takes less. A regression's values are kept where they move by"
          + " at",
      "      most a tenth of their standard deviation; in the mean they may move by 3 %% of it, and"
          + " the",
      "      rank correlation with fp32 has to be 0.99.",
      "  nunchi export --model my-checkpoint --output my-model --precision fp16",
      "      For a GPU; slow on a CPU.",
      "  nunchi export --model my-decoder --output my-model --precision int4-weight-only",
      "      For decoders of billions of parameters: a seventh of the size of fp32, computed in"
          + " fp32 on",
      "      inputs of 8 bits. int8-weight-only is nearer to fp32, at a quarter. bf16 keeps the"
          + " numbers",
      "      of a checkpoint in bf16 and computes in fp32.",
      "",
      "  nunchi export --model my-adapter --output my-base --adapters separate",
      "      The base of a LoRA adapter, once for all adapters of it that adapt the same layers or",
      "      fewer: 'nunchi serve --base my-base --model a=adapter-a --model b=adapter-b'.",
      "",
      "The export is refused, and nothing written, where ONNX Runtime does not give the logits"
          + " that",
      "training recorded. A checkpoint from elsewhere has no such record; libtorch makes one."
    })
final class ExportCommand implements Callable<Integer> {
  /// More of them no longer change the ranges.
  private static final int CALIBRATION_TEXTS = 1024;

  /// The status of a process that SIGTERM ended.
  private static final int TERMINATED = 143;

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR|NAME",
      description = "Checkpoint or adapter to read: a directory, or a model's name.")
  private ModelArgument model = ModelArgument.NONE;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "DIR",
      description = "Model directory to write.")
  private Path output = Path.of("");

  @Mixin private ReplacingOption replacing = new ReplacingOption();

  @Option(
      names = "--precision",
      defaultValue = "fp32",
      paramLabel = "FORMAT",
      description =
          "Number format of the weights: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Precision precision = Precision.FP32;

  @Option(
      names = "--calibration",
      paramLabel = "FILE",
      description =
          "For int8: texts as those of the training, labelled or not; 1,024 of them, evenly from"
              + " the file, are read.")
  private @Nullable Path calibration;

  @Option(
      names = "--validation",
      paramLabel = "FILE",
      description =
          "Labelled texts, for a regression with values, to compare with fp32; int8 takes them,"
              + " int8-weight-only and int4-weight-only may. The model in fp32 is written beside"
              + " the output for that, and loaded: 4 bytes a parameter of disk and of memory.")
  private @Nullable Path validation;

  @Option(
      names = "--accept-agreement",
      paramLabel = "SHARE",
      description =
          "With --validation: the least share of its texts that has to keep the label of fp32, or"
              + " of a regression the value within a tenth of the values' standard deviation"
              + " (default: 0.995). What was taken stands in nunchi.json and the model card.")
  private @Nullable Double acceptAgreement;

  @Option(
      names = "--adapters",
      paramLabel = "merged|separate",
      description =
          "Of an adapter: merged into its base (the default), or separate, which writes the base"
              + " alone, for 'serve --base' to run this and other adapters on.")
  private AdapterExport adapters = AdapterExport.MERGED;

  @Mixin private LabelledFile labelled = new LabelledFile();

  @Override
  public Integer call() {
    requireFit();
    OutputDirectory.Existing existing = replacing.existing();
    Path source = model.directory(spec);
    BaseModels bases = ModelArgument.bases(spec);
    OnnxExporter.require(List.of(source), output, existing);
    AtomicBoolean ended = new AtomicBoolean();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> cleanUp(ended), "clean-up"));
    try {
      if (adapters == AdapterExport.SEPARATE) {
        exportBase(source, bases, existing, spec.commandLine().getErr());
        return 0;
      }
      return export(source, bases);
    } finally {
      ended.set(true);
    }
  }

  /// Ends a process that is told to while libtorch computes: its threads would keep the exit of the
  /// virtual machine waiting for ever.
  private static void cleanUp(AtomicBoolean ended) {
    ExitCleanUp.run();
    if (!ended.get()) {
      Runtime.getRuntime().halt(TERMINATED);
    }
  }

  private int export(Path source, BaseModels bases) {
    boolean calibrated = precision == Precision.INT8;
    boolean compared = validation != null;
    PrintWriter err = spec.commandLine().getErr();
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(source, bases)) {
      OutputDirectory.requireApart(output, checkpoint.directories());
      checkpoint.requireComplete();
      if (compared && checkpoint.description().text().inputTemplate() != null) {
        err.printf(
            "Note: the model reads a context beside each text; %s is %scompared on texts without"
                + " one%n",
            precision, calibrated ? "calibrated and " : "");
      }
      ExportOptions options = options(checkpoint.description(), err);
      if (replacing.existing() == OutputDirectory.Existing.REPLACE) {
        options = options.replacing();
      }
      if (acceptAgreement != null) {
        options = options.accepting(acceptAgreement);
      }
      Probe probe = probe(checkpoint, bases, err);
      err.println(
          calibrated
              ? String.format(
                  Locale.ROOT,
                  "Calibrating on %,d texts and comparing with fp32 on %,d …",
                  options.calibration().size(),
                  options.validation().texts().size())
              : "Exporting …");
      ModelDirectory written =
          new OnnxExporter(err::println).export(checkpoint, probe, output, options);
      Manifest.Origin origin = written.manifest().origin();
      origin.shown().forEach((name, value) -> err.printf("%s %s%n", name, value));
      OnnxExporter.newNotes(checkpoint, written.manifest())
          .forEach(note -> err.println("Note: " + note));
      err.printf(
          "%s: %s, %s%n", output, written.manifest().name(), written.manifest().proof().revision());
    }
    return 0;
  }

  private void exportBase(
      Path source, BaseModels bases, OutputDirectory.Existing existing, PrintWriter err) {
    try (CheckpointDirectory adapter = CheckpointDirectory.openApart(source, bases)) {
      OutputDirectory.requireApart(output, adapter.directories());
      Probe probe = probe(adapter, bases, err);
      err.println("Exporting the base and comparing with the adapter's probe …");
      BaseExporter.export(adapter, probe, output, precision, existing);
      err.printf(
          "%s: the base %s, for 'nunchi serve --base %s --model %s'%n",
          output, adapter.baseDirectory().orElseThrow(), output, source);
    }
  }

  private static Probe probe(CheckpointDirectory checkpoint, BaseModels bases, PrintWriter err) {
    @Nullable Probe probe =
        checkpoint.manifest().map(Manifest::proof).map(Manifest.Proof::probe).orElse(null);
    if (probe == null) {
      err.println("Recording what the checkpoint answers …");
      probe = Checkpoint.probe(checkpoint.path(), bases);
    }
    return probe;
  }

  private void requireFit() {
    boolean calibrated = precision == Precision.INT8;
    if (calibrated != (calibration != null) || (calibrated && validation == null)) {
      throw new ParameterException(
          spec.commandLine(),
          "--calibration and --validation belong to --precision int8, which takes both");
    }
    if (adapters == AdapterExport.SEPARATE && precision.isRounded()) {
      throw new ParameterException(
          spec.commandLine(),
          "--adapters separate goes with --precision fp32, fp16 and bf16; "
              + precision
              + " is for one classifier, with its adapter merged");
    }
    if (validation != null && !precision.isRounded()) {
      throw new ParameterException(
          spec.commandLine(),
          "--validation belongs to --precision int8, int8-weight-only and int4-weight-only, not "
              + precision);
    }
    if (validation == null) {
      // Without it there is no --calibration either.
      labelled.requireNone(spec, "--validation");
    }
    if (acceptAgreement != null
        && !(validation != null && acceptAgreement > 0 && acceptAgreement <= 1)) {
      throw new ParameterException(
          spec.commandLine(),
          "--accept-agreement belongs to --validation and is a share over 0 and up to 1, as 0.97,"
              + " not "
              + acceptAgreement);
    }
  }

  private ExportOptions options(Manifest manifest, PrintWriter err) {
    if (validation == null) {
      return ExportOptions.of(precision);
    }
    ReadingNotes calibrationNotes = new ReadingNotes();
    ReadingNotes validationNotes = new ReadingNotes();
    ExportOptions options =
        new ExportOptions(
            precision,
            calibration == null
                ? List.of()
                : evenly(labelled.readTexts(calibration, calibrationNotes)),
            labelled.readForExport(validation, manifest.task(), validationNotes));
    Stream.of(calibrationNotes, validationNotes)
        .flatMap(notes -> notes.sentences().stream())
        .forEach(sentence -> err.println("Note: " + sentence));
    noteTextsOfBoth(options, err);
    return options;
  }

  /// Ranges fit the texts that they are of, so that those keep their label more often than others.
  private static void noteTextsOfBoth(ExportOptions options, PrintWriter err) {
    Set<String> calibration = new HashSet<>(options.calibration());
    Set<String> validation = new HashSet<>(options.validation().texts());
    long both = calibration.stream().filter(validation::contains).count();
    if (both > 0 && 2 * both >= Math.min(calibration.size(), validation.size())) {
      err.printf(
          Locale.ROOT,
          "Note: %,d of %,d calibration texts are validation texts too, which says too much for"
              + " int8; give --validation texts that are not in --calibration%n",
          both,
          calibration.size());
    }
  }

  private static List<String> evenly(List<String> texts) {
    int count = Math.min(CALIBRATION_TEXTS, texts.size());
    return IntStream.range(0, count)
        .mapToObj(i -> texts.get((int) ((long) i * texts.size() / count)))
        .toList();
  }
}
