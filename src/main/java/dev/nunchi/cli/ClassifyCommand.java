package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.infer.BuiltInModel;
import dev.nunchi.infer.Classifier;
import dev.nunchi.infer.InferenceOptions.Device;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.SharedBase;
import dev.nunchi.text.Truncation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `nunchi classify`: texts from the command line, a file or standard input, answers to standard
/// output in their order.
@Command(
    name = "classify",
    header = "Says what texts feel like.",
    description = {
      "",
      "Texts come as arguments, or with --input from a file. Answers go to standard output, one for"
          + " each text, in the order of the texts, and from a pipe each as its line comes. A text"
          + " that is refused (empty, too long, not UTF-8, a row without a text) is marked in its"
          + " place and the others are answered; the exit status is then 1.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  nunchi classify '이 영화 정말 재미있어요' '시간이 아까워요'",
      "      Classify two texts with the built-in model.",
      "  nunchi classify --input comments.txt --format jsonl > answers.jsonl",
      "      Classify a file of one text a line.",
      "  cat comments.txt | nunchi classify --input - --truncation keep-head",
      "      Cut texts that are too long for the model, which else are refused.",
      "  nunchi classify -- '-_- 노잼'",
      "      Classify a text that begins with a dash.",
      "",
      "jsonl has an object for each text: text, label, confidence, polarity (null where the labels"
          + " have none), scores by label, logits, token_count, truncated. Where a text has any"
          + " number of labels, labels has them all, and label is the surest one or null. A"
          + " regression has value in place of confidence (in tsv too), and label names it. In"
          + " place of a refused text stands {\"text\": …, \"error\": {\"line\", \"reason\","
          + " \"message\"}}.",
      "",
      "tsv has a header: text, label, confidence, polarity, token_count, truncated, error (the"
          + " reason, else empty). Labels of one text are parted by |, a label's score is then in"
          + " score_LABEL. Tabs and line ends in a text become spaces. A field that begins with a"
          + " quotation mark is quoted as in CSV, which pandas, Excel and Python's csv expect; no"
          + " other field is.",
    })
final class ClassifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "TEXT", arity = "0..*", description = "Texts to classify.")
  private List<String> texts = new ArrayList<>();

  @Option(
      names = "--model",
      paramLabel = "DIR|NAME",
      description =
          "A model directory, as 'nunchi export' writes it, or a checkpoint or adapter directory,"
              + " or the name of a model that 'nunchi models --help' explains (default: the"
              + " built-in model).")
  private @Nullable ModelArgument model;

  @Option(
      names = "--base",
      paramLabel = "DIR",
      description =
          "For an adapter: its base as 'nunchi export --adapters separate' writes it, which ONNX"
              + " Runtime runs it on (default: libtorch runs it on the base that it names).")
  private @Nullable Path base;

  @Option(
      names = "--input",
      paramLabel = "FILE|-",
      description =
          "A file with texts, or - for standard input. Standard input, pipes and .txt have one text"
              + " a line; .tsv, .csv and .jsonl have it in 'document', 'text' or 'sentence'. Files"
              + " may be compressed, as in .tsv.gz.")
  private @Nullable Path input;

  @Mixin private ContextColumn contextColumn = new ContextColumn();

  @Option(
      names = "--format",
      paramLabel = "table|jsonl|tsv",
      defaultValue = "table",
      description = "How answers look (default: table).")
  private AnswerFormat format = AnswerFormat.TABLE;

  @Option(
      names = "--max-length",
      paramLabel = "N",
      description = "Longest text in tokens, where it is to be shorter than the model's.")
  private @Nullable Integer maxLength;

  @Option(
      names = "--truncation",
      paramLabel = "POLICY",
      defaultValue = "reject",
      converter = TruncationConverter.class,
      description =
          "What happens to a longer text: reject (the default) refuses it, keep-head keeps its"
              + " first tokens, keep-head-and-tail its first and last ones.")
  private Truncation truncation = Truncation.REJECT;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      description =
          "Most texts that are run together (default: "
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
      paramLabel = "auto|onnx|torch",
      defaultValue = "auto",
      description = "What computes (default: auto, what the directory is made for).")
  private ModelSource backend = ModelSource.AUTO;

  @Override
  public Integer call() {
    require(texts.isEmpty() != (input == null), "Give texts, or a file of them with --input");
    require(
        contextColumn.name() == null || input != null,
        "--context-column is a column of --input, which is not given");
    require(batchSize == null || batchSize >= 1, "--batch-size is at least 1, not " + batchSize);
    require(maxLength == null || maxLength >= 1, "--max-length is at least 1, not " + maxLength);
    require(
        base == null || (model != null && backend != ModelSource.TORCH),
        "--base is that of an adapter, which --model names, and goes without --backend torch");
    try (@Nullable SharedBase shared = base == null ? null : SharedBase.open(base, options());
        LoadedModel loaded = load(shared);
        Stream<InputText> inputs =
            input == null
                ? InputText.ofArguments(texts)
                : InputText.ofFile(input, contextColumn.name())) {
      contextColumn.check(loaded, spec.commandLine().getErr());
      AnswerWriter writer =
          format.writer(
              spec.commandLine().getOut(),
              loaded.manifest().task().labels(),
              loaded.manifest().task().problemType());
      NunchiException refused =
          new BulkClassification(
                  loaded.classifier(),
                  truncation,
                  batchSize == null ? loaded.classifier().usualBatchSize() : batchSize,
                  progress())
              .run(inputs.iterator(), writer)
              .summary();
      if (refused != null) {
        throw refused;
      }
    }
    return 0;
  }

  /// None where the answers go to the same terminal.
  private ClassificationProgress progress() {
    return input == null || TerminalWidth.ofStandardOutput().getAsInt() > 0
        ? ClassificationProgress.NONE
        : ClassificationProgress.of(spec.commandLine().getErr(), OptionalInt.empty());
  }

  private LoadedModel load(@Nullable SharedBase shared) {
    Path directory =
        model != null
            ? model.directory(spec)
            : BuiltInModel.directory(Optional.ofNullable(System.getenv("NUNCHI_HOME")));
    return shared == null
        ? backend.load(directory, options(), ModelArgument.bases(spec))
        : shared.load(directory);
  }

  private LoadOptions options() {
    return new LoadOptions(
        device,
        LoadOptions.DEFAULT.workers(),
        maxLength == null ? OptionalInt.empty() : OptionalInt.of(maxLength));
  }

  private void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new ParameterException(spec.commandLine(), otherwise);
    }
  }
}
