package dev.nunchi.cli;

import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.data.Columns;
import dev.nunchi.data.DataDirectory;
import dev.nunchi.data.EmptyTexts;
import dev.nunchi.data.Example;
import dev.nunchi.data.ExampleReader;
import dev.nunchi.data.LabelMapping;
import dev.nunchi.data.ReadingNotes;
import dev.nunchi.data.Split;
import dev.nunchi.data.SplitSize;
import dev.nunchi.export.HeadWriter;
import dev.nunchi.export.OnnxExporter;
import dev.nunchi.model.ExitCleanUp;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.OutputDirectory;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `head`: other labels for an exported model, without training its encoder.
@Command(
    name = "head",
    header = "Teaches an exported transformer other labels, in minutes on a CPU.",
    description = {
      "",
      "The encoder stays as it is; a new linear layer takes the place of its head (a linear probe)."
          + " What the encoder says of each text is computed once, and the layer that makes the"
          + " labels likeliest is found on that: some hundred texts are enough to begin with, and"
          + " nothing is needed but the exported model. 'nunchi train' changes the encoder too,"
          + " which takes longer and usually gives more where there are thousands of texts.",
      "",
      "The strength of the penalty on the layer's weights is chosen, and the temperature fitted, on"
          + " the validation texts; without a file of them on a tenth of the others, which then is"
          + " not learnt from.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  nunchi head --model models/nsmc-combined --data movie3 \\",
      "      --labels \"부정=-1,중립=0,긍정=1\" --output movies3",
      "      Three classes on the encoder of a built-in model. The output serves as any other.",
      "  nunchi head --model models/nsmc-combined --data my-topics --link --output topics",
      "      Without a second copy of the encoder's weights on the disk.",
    })
final class HeadCommand implements Callable<Integer> {
  private static final double VALIDATION_SHARE = 0.1;
  private static final long SEED = 42;

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR|NAME",
      description = "Exported model whose encoder is used; of a combined one its transformer.")
  private ModelArgument model = ModelArgument.NONE;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "Directory with the files train and, if there is one, validation.")
  private Path data = Path.of("");

  @Option(
      names = "--output",
      required = true,
      paramLabel = "DIR",
      description = "Model directory to write.")
  private Path output = Path.of("");

  @Option(
      names = "--labels",
      paramLabel = "LABELS",
      description =
          "Their order, and the polarity of each in [-1, 1], as 부정=-1,중립=0,긍정=1 or 부정,긍정 (default:"
              + " those of the texts, without polarity).")
  private @Nullable String labels;

  @Option(names = "--link", description = CombineCommand.LINK)
  private boolean link;

  @Option(
      names = "--license",
      paramLabel = "NAME",
      description =
          "Licence of the whole, for nunchi.json and the card (default: that of --model).")
  private @Nullable String license;

  @Option(
      names = "--description",
      paramLabel = "TEXT",
      description = "What the model says of a text, for nunchi.json, the card and callers.")
  private @Nullable String description;

  @Option(
      names = "--data-source",
      paramLabel = "TEXT",
      description = "Where the texts are from, for nunchi.json and the card.")
  private @Nullable String dataSource;

  @Option(
      names = "--label-mapping",
      paramLabel = "MAPPING",
      description = "Values of the files to labels, as 0=부정,1=긍정; an empty name drops rows.")
  private @Nullable String labelMapping;

  @Option(
      names = "--text-column",
      paramLabel = "NAME",
      description = "Default: document, text or sentence.")
  private @Nullable String textColumn;

  @Option(names = "--label-column", paramLabel = "NAME", description = "Default: label.")
  private @Nullable String labelColumn;

  @Mixin private ReplacingOption replacing = new ReplacingOption();

  /// What is learnt from and measured by.
  private record Texts(
      LabelSet labels,
      List<HeadWriter.LabelledText> train,
      List<HeadWriter.LabelledText> validation) {}

  @Override
  public Integer call() {
    PrintWriter err = spec.commandLine().getErr();
    OutputDirectory.Existing existing = replacing.existing();
    ModelDirectory encoder = ModelDirectory.open(model.directory(spec));
    OnnxExporter.require(List.of(encoder.path()), output, existing);
    Texts texts = texts(err);
    HeadWriter writer = new HeadWriter(encoder, texts.labels());
    Runtime.getRuntime().addShutdownHook(new Thread(ExitCleanUp::run, "clean-up"));
    String name = String.valueOf(output.toAbsolutePath().normalize().getFileName());
    int count = texts.train().size() + texts.validation().size();
    err.printf(Locale.ROOT, "Encoding %,d texts …%n", count);
    err.flush();
    ClassificationProgress progress = ClassificationProgress.of(err, OptionalInt.of(count));
    ModelDirectory written;
    try {
      written =
          writer.write(
              new HeadWriter.Description(
                  name,
                  Optional.ofNullable(description),
                  Optional.ofNullable(license),
                  Optional.ofNullable(dataSource)),
              texts.train(),
              texts.validation(),
              output,
              existing,
              link,
              new HeadWriter.Watch(
                  progress::advanced,
                  measured -> {
                    progress.ended();
                    say(measured, err);
                  }));
    } finally {
      progress.ended();
    }
    written.manifest().origin().notes().forEach(note -> err.println("Note: " + note));
    err.printf("%s: %s, %s%n", output, name, written.manifest().proof().revision());
    return 0;
  }

  private static void say(HeadWriter.Measured measured, PrintWriter err) {
    err.printf(
        Locale.ROOT,
        "On %,d validation texts: accuracy %.4f, macro F1 %.4f, loss %.4f; temperature %.3f,"
            + " expected calibration error %.4f; penalty %.0e%n",
        measured.texts(),
        measured.accuracy(),
        measured.macroF1(),
        measured.loss(),
        measured.temperature(),
        measured.calibrationError(),
        measured.penalty());
  }

  private Texts texts(PrintWriter err) {
    DataDirectory files = new DataDirectory(data);
    LabelMapping mapping =
        labelMapping == null ? LabelMapping.IDENTITY : LabelMapping.parse(labelMapping);
    LabelSet known = given();
    if (known != null) {
      mapping = mapping.restrictedTo(known);
    }
    List<Example> train = read(files.train(), mapping, err);
    if (known == null) {
      known = mapping.labelSet(train);
    }
    Optional<Path> validationFile = files.find("validation");
    List<Example> validation;
    if (validationFile.isPresent()) {
      validation = read(validationFile.get(), mapping.restrictedTo(known), err);
    } else {
      Split split =
          Split.stratified(train, new SplitSize.Share(VALIDATION_SHARE), SplitSize.NONE, SEED);
      train = split.train();
      validation = split.validation();
    }
    requireEach(known, train, files.train());
    if (validation.isEmpty()) {
      throw new NunchiException(
          Reason.INVALID_DATA,
          "%s: a tenth of %d texts is none to measure by; add a validation file or more texts"
              .formatted(files.train(), train.size()));
    }
    return new Texts(known, numbered(train, known), numbered(validation, known));
  }

  private List<Example> read(Path file, LabelMapping mapping, PrintWriter err) {
    ReadingNotes notes = new ReadingNotes();
    List<Example> read =
        new ExampleReader(
                new Columns(null, textColumn, labelColumn),
                mapping,
                ProblemType.SINGLE_LABEL_CLASSIFICATION,
                EmptyTexts.DROP)
            .read(file, notes);
    notes.sentences().forEach(sentence -> err.println("Note: " + sentence));
    return read;
  }

  private static void requireEach(LabelSet labels, List<Example> train, Path file) {
    if (labels.size() < 2) {
      throw new NunchiException(
          Reason.INVALID_DATA,
          "%s has the one label '%s'; a classifier needs at least two"
              .formatted(file, labels.get(0).name()));
    }
    for (String label : labels.names()) {
      if (train.stream().noneMatch(example -> example.label().equals(label))) {
        throw new NunchiException(
            Reason.INVALID_DATA,
            "%s has no text with the label '%s', which is to be learnt".formatted(file, label));
      }
    }
  }

  private static List<HeadWriter.LabelledText> numbered(List<Example> examples, LabelSet labels) {
    return examples.stream()
        .map(example ->
            new HeadWriter.LabelledText(
                example.text(), labels.indexOf(example.label()).orElseThrow()))
        .toList();
  }

  private @Nullable LabelSet given() {
    if (labels == null) {
      return null;
    }
    List<Label> given = new ArrayList<>();
    for (String part : labels.split(",", -1)) {
      int sign = part.lastIndexOf('=');
      try {
        given.add(
            sign < 0
                ? Label.of(part.strip())
                : Label.of(
                    part.substring(0, sign).strip(),
                    Double.parseDouble(part.substring(sign + 1).strip())));
      } catch (IllegalArgumentException e) {
        throw wrongLabels(part);
      }
    }
    try {
      return new LabelSet(given);
    } catch (IllegalArgumentException e) {
      throw wrongLabels(labels);
    }
  }

  private ParameterException wrongLabels(String given) {
    return new ParameterException(
        spec.commandLine(),
        "--labels takes each label once, with or without a polarity in [-1, 1], as"
            + " 부정=-1,중립=0,긍정=1, not '%s'".formatted(given));
  }
}
