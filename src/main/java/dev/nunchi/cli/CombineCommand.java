package dev.nunchi.cli;

import dev.nunchi.data.ReadingNotes;
import dev.nunchi.export.Combiner;
import dev.nunchi.export.OnnxExporter;
import dev.nunchi.export.Validation.LabelledText;
import dev.nunchi.model.ExitCleanUp;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.OutputDirectory;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `combine`: two exported models as one.
@Command(
    name = "combine",
    header = "Writes two exported models as one, whose logits add up.",
    description = {
      "",
      "A network of pieces and a model of n-grams err in different places, so that their sum errs"
          + " less than either. What is written is one model directory with one graph: a text is"
          + " encoded once, as for --model, and the graph spells its pieces in characters for"
          + " --with. Both have the same labels; each model's logits are divided by its temperature"
          + " first.",
      "",
      "The graph has to answer the texts of the first model's probe with the sum of what the two"
          + " answer by themselves, or nothing is written.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  nunchi combine --model my-transformer-int8 --with models/nsmc-small --output both \\",
      "      --validation reviews/validation.tsv",
      "      Fits the temperature on the texts, and says how each part and the sum do on them.",
    })
final class CombineCommand implements Callable<Integer> {
  /// Of the option that leaves weights where they are.
  static final String LINK =
      "Leave the weights in the files where they lie, and have links to them: the output is small,"
          + " and whole as long as those files stay where they are.";

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR|NAME",
      description =
          "Exported model of pieces (Unigram, BPE or WordPiece), whose tokenizer is kept.")
  private ModelArgument model = ModelArgument.NONE;

  @Option(
      names = "--with",
      required = true,
      paramLabel = "DIR|NAME",
      description = "Exported model of n-grams of characters (ngram_linear).")
  private ModelArgument with = ModelArgument.NONE;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "DIR",
      description = "Model directory to write.")
  private Path output = Path.of("");

  @Option(
      names = "--weight",
      paramLabel = "SHARE",
      defaultValue = "0.5",
      description =
          "Of --with in the sum, over 0 and below 1 (default: ${DEFAULT-VALUE}); the rest is"
              + " --model's.")
  private double weight;

  @Option(
      names = "--validation",
      paramLabel = "FILE",
      description =
          "Labelled texts that the temperature is fitted on (default: none, and temperature 1).")
  private @Nullable Path validation;

  @Option(
      names = "--license",
      paramLabel = "NAME",
      description =
          "Licence of the whole, for nunchi.json and the card (default: that of both, where it is"
              + " the same).")
  private @Nullable String license;

  @Option(names = "--link", description = LINK)
  private boolean link;

  @Mixin private LabelledFile labelled = new LabelledFile();
  @Mixin private ReplacingOption replacing = new ReplacingOption();

  @Override
  public Integer call() {
    if (!(weight > 0 && weight < 1)) {
      throw new ParameterException(
          spec.commandLine(), "--weight is a share over 0 and below 1, as 0.5, not " + weight);
    }
    if (validation == null) {
      labelled.requireNone(spec, "--validation");
    }
    PrintWriter err = spec.commandLine().getErr();
    OutputDirectory.Existing existing = replacing.existing();
    ModelDirectory first = ModelDirectory.open(model.directory(spec));
    ModelDirectory second = ModelDirectory.open(with.directory(spec));
    OnnxExporter.require(List.of(first.path(), second.path()), output, existing);
    Runtime.getRuntime().addShutdownHook(new Thread(ExitCleanUp::run, "clean-up"));
    Combiner combiner = new Combiner(first, second, weight);
    String name = String.valueOf(output.toAbsolutePath().normalize().getFileName());
    ModelDirectory written =
        combiner.write(
            name,
            Optional.ofNullable(license),
            texts(first, err),
            output,
            existing,
            link,
            measured -> say(measured, err));
    written.manifest().origin().notes().forEach(note -> err.println("Note: " + note));
    err.printf("%s: %s, %s%n", output, name, written.manifest().proof().revision());
    return 0;
  }

  private static void say(Combiner.Measured measured, PrintWriter err) {
    double[] accuracy = measured.accuracy();
    err.printf(
        Locale.ROOT,
        "On %,d texts: accuracy %.4f of the first, %.4f of the second, %.4f of both; temperature"
            + " %.3f, expected calibration error %.4f%n",
        measured.texts(),
        accuracy[0],
        accuracy[1],
        accuracy[2],
        measured.temperature(),
        measured.calibrationError());
    err.printf(
        Locale.ROOT,
        "The second reads %.2f %% of them as it does by itself%n",
        100 * measured.sameCharacters());
  }

  private List<LabelledText> texts(ModelDirectory first, PrintWriter err) {
    if (validation == null) {
      return List.of();
    }
    ReadingNotes notes = new ReadingNotes();
    List<LabelledText> texts =
        labelled.readLabelled(validation, first.manifest().task(), notes).labelled();
    notes.sentences().forEach(sentence -> err.println("Note: " + sentence));
    return texts;
  }
}
