package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.data.Columns;
import dev.nunchi.data.EmptyTexts;
import dev.nunchi.data.ExampleReader;
import dev.nunchi.data.LabelMapping;
import dev.nunchi.data.ReadingNotes;
import dev.nunchi.model.ExitCleanUp;
import dev.nunchi.model.OutputDirectory;
import dev.nunchi.model.StagedDirectory;
import dev.nunchi.model.VocabularyTrim;
import dev.nunchi.text.KeptIds;
import dev.nunchi.text.Normalization;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.VocabularyCut;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `models trim`: writes a checkpoint with the pieces that given texts use.
@Command(
    name = "trim",
    header = "Cuts a checkpoint's vocabulary to the pieces that given texts use.",
    description = {
      "",
      "A multilingual encoder is mostly its table of pieces, of which one language uses a few. What"
          + " is written is a checkpoint like the whole one, with fewer rows in that table: a text"
          + " whose pieces are kept gives the same numbers, bit for bit, another one is spelled"
          + " with more and shorter pieces. Kept are the pieces that the texts use, those of single"
          + " characters and of bytes, so that nothing becomes unknown, and special tokens; of a"
          + " byte-pair encoding also the pieces on the way to them.",
      "",
      "The last of each file's texts choose no pieces: they tell how other texts fare. Texts are"
          + " looked at as they stand and, unless the model says how it is to be, also normalised"
          + " as training may. Unigram (SentencePiece), WordPiece and BPE are cut, of a checkpoint"
          + " with a tokenizer.json; a SentencePiece model beside it is left out.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  nunchi models trim klue/roberta-base --texts reviews/train.tsv --output roberta-reviews",
      "  nunchi models trim koelectra-small --texts reviews/train.tsv comments.txt --min-count 5"
          + " \\",
      "      --output electra-reviews",
      "      Pieces that occur fewer than five times are spelled with shorter ones.",
    })
final class ModelsTrimCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "DIR|NAME",
      description = "Checkpoint to read: a directory, or a model's name.")
  private ModelArgument model = ModelArgument.NONE;

  @Option(
      names = "--texts",
      required = true,
      arity = "1..*",
      paramLabel = "FILE",
      description =
          "Texts that the model is to read, with or without labels: .tsv, .csv, .jsonl, or .txt of"
              + " one text a line, also .gz.")
  private List<Path> texts = List.of();

  @Option(
      names = "--text-column",
      paramLabel = "NAME",
      description = "Default: document, text or sentence.")
  private @Nullable String textColumn;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "DIR",
      description = "Checkpoint directory to write.")
  private Path output = Path.of("");

  @Mixin private ReplacingOption replacing = new ReplacingOption();

  @Option(
      names = "--min-count",
      paramLabel = "N",
      defaultValue = "1",
      description = "Occurrences that a piece is kept for (default: 1, so that no text changes).")
  private int minCount;

  @Option(
      names = "--characters",
      paramLabel = "all|used",
      defaultValue = "all",
      description =
          "Which pieces of single characters stay: all, or those that the texts use, with which"
              + " rare characters become unknown (default: all).")
  private VocabularyCut.Characters characters = VocabularyCut.Characters.ALL;

  @Option(
      names = "--held-out",
      paramLabel = "SHARE",
      defaultValue = "0.05",
      description = "Of each file, the last texts that choose no pieces (default: 0.05).")
  private double heldOut;

  @Override
  public Integer call() {
    requireOptions();
    PrintWriter err = spec.commandLine().getErr();
    OutputDirectory.Existing existing = replacing.existing();
    Path source = model.directory(spec);
    OutputDirectory.requireApart(output, List.of(source));
    OutputDirectory.require(output, existing);
    Runtime.getRuntime().addShutdownHook(new Thread(ExitCleanUp::run, "clean-up"));
    try (VocabularyTrim trim = VocabularyTrim.open(source);
        TextEncoder encoder = encoder(source)) {
      Set<Integer> named = trim.namedIds();
      TrimTexts given = TrimTexts.of(texts, this::read, heldOut);
      err.printf(Locale.ROOT, "Encoding %,d texts …%n", given.choosing().size());
      KeptIds kept =
          trim.vocabulary()
              .kept(
                  pieces(trim, encoder, given.choosing()).used(given.choosing(), minCount),
                  characters,
                  named);
      try (OutputDirectory directory = OutputDirectory.open(output, existing);
          StagedDirectory staged = directory.stage()) {
        TrimReport report = write(trim, encoder, given, kept, staged.path());
        staged.commit().forEach(moved -> err.println("What stood in the way is now " + moved));
        spec.commandLine().getOut().print(report.table());
        spec.commandLine().getOut().flush();
        err.println("Wrote " + output);
      }
    }
    return 0;
  }

  private void requireOptions() {
    if (minCount < 1) {
      throw new ParameterException(
          spec.commandLine(), "--min-count is at least 1, not " + minCount);
    }
    if (!(heldOut >= 0 && heldOut <= 0.5)) {
      throw new ParameterException(
          spec.commandLine(), "--held-out is a share from 0 to 0.5, not " + heldOut);
    }
  }

  private List<String> read(Path file) {
    ReadingNotes notes = new ReadingNotes();
    List<String> read =
        new ExampleReader(
                new Columns(null, textColumn, null),
                LabelMapping.IDENTITY,
                ProblemType.SINGLE_LABEL_CLASSIFICATION,
                EmptyTexts.DROP)
            .readTexts(file, notes);
    notes.sentences().forEach(sentence -> spec.commandLine().getErr().println("Note: " + sentence));
    return read;
  }

  /// As a model says that its texts are normalised; where it does not, as training may do it.
  private static List<Normalizer> forms(VocabularyTrim trim) {
    Normalizer said = Normalizer.of(trim.description().text().normalization());
    return trim.hasManifest()
        ? List.of(said)
        : List.of(said, Normalizer.of(Normalization.STANDARD));
  }

  private TrimReport write(
      VocabularyTrim trim, TextEncoder encoder, TrimTexts given, KeptIds kept, Path staged) {
    PrintWriter err = spec.commandLine().getErr();
    trim.writeTokenizer(kept, staged);
    try (TextEncoder cut = encoder(staged)) {
      err.println("Encoding them with what is left …");
      TextPieces.Change chosen =
          pieces(trim, encoder, given.choosing()).change(given.choosing(), cut, kept);
      if (minCount == 1 && chosen.same() < chosen.texts()) {
        throw new NunchiException(
            Reason.FAILED_CHECK,
            String.format(
                Locale.ROOT,
                "%,d of the %,d texts would be encoded otherwise than before, which a cut must not"
                    + " do; nothing was written",
                chosen.texts() - chosen.same(),
                chosen.texts()));
      }
      TextPieces.Change other =
          pieces(trim, encoder, given.heldOut()).change(given.heldOut(), cut, kept);
      TrimReport counted =
          new TrimReport(
              trim.vocabulary().size(), kept.size(), trim.size(), trim.size(), chosen, other);
      err.println("Writing …");
      Map<String, String> origin = trim.origin(kept.size());
      VocabularyTrim.Size after =
          trim.write(kept, origin, TrimCard.of(origin, counted, characters, minCount), staged);
      return counted.with(after);
    }
  }

  private TextPieces pieces(VocabularyTrim trim, TextEncoder encoder, List<String> given) {
    return new TextPieces(
        encoder,
        trim.rows(),
        forms(trim),
        ClassificationProgress.of(spec.commandLine().getErr(), OptionalInt.of(given.size())));
  }

  private static TextEncoder encoder(Path directory) {
    return TextEncoder.open(directory, Normalizer.of(Normalization.NONE), Integer.MAX_VALUE);
  }
}
