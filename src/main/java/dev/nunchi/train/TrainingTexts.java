package dev.nunchi.train;

import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.data.Columns;
import dev.nunchi.data.DataDirectory;
import dev.nunchi.data.Example;
import dev.nunchi.data.ExampleReader;
import dev.nunchi.data.LabelMapping;
import dev.nunchi.data.ReadingNotes;
import dev.nunchi.data.Split;
import dev.nunchi.data.SplitSize;
import dev.nunchi.data.ValueRanges;
import dev.nunchi.text.PlainName;
import dev.nunchi.torch.Targets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The texts that a recipe trains on and those that it is watched by. The test split is never read.
///
/// @param unlabelled those that a teacher alone has an answer to; empty where there is no teacher
/// @param validation empty where the run is not to be evaluated and there is none
/// @param labels the recipe's labels with their polarities, else those of the mapping or the data;
///   of a regression one, which names the value
/// @param emptyTexts rows that were left out
/// @param notes what the user should know about the files, a sentence each
record TrainingTexts(
    List<Example> train,
    List<Example> unlabelled,
    List<Example> validation,
    LabelSet labels,
    ProblemType problemType,
    EmptyRows emptyTexts,
    List<String> notes) {

  /// Rows of each file whose texts are empty.
  record EmptyRows(long train, long unlabelled, long validation) {}

  /// @param directory the data directory; a recipe's files are relative to it
  static TrainingTexts read(Recipe recipe, Path directory) {
    Recipe.Data data = recipe.data();
    DataDirectory files = new DataDirectory(directory);
    Path trainFile = data.trainFile() == null ? files.train() : directory.resolve(data.trainFile());
    Optional<Path> validationFile = validationFile(data, directory, files);
    LabelMapping mapping =
        data.labelMapping() == null
            ? LabelMapping.IDENTITY
            : LabelMapping.parse(data.labelMapping());
    boolean regression = data.problemType() == ProblemType.REGRESSION;
    @Nullable LabelSet given = labels(data.labels());
    if (given != null && !regression) {
      mapping = mapping.restrictedTo(given);
    }
    ReadingNotes trainNotes = new ReadingNotes();
    List<Example> train = reader(data, mapping).read(trainFile, trainNotes);
    LabelSet labels = given;
    if (labels == null) {
      labels = regression ? valueOf(data, train) : mapping.labelSet(train);
    }
    if (regression) {
      requireTwoValues(trainFile, train);
    } else {
      requireTwo(labels, trainFile, train.size());
      mapping = mapping.restrictedTo(labels);
    }
    ReadingNotes validationNotes = new ReadingNotes();
    List<Example> validation = List.of();
    if (validationFile.isPresent()) {
      validation = reader(data, mapping).read(validationFile.get(), validationNotes);
    } else {
      Split split = split(recipe, train, directory);
      train = split.train();
      validation = split.validation();
    }
    ReadingNotes unlabelledNotes = new ReadingNotes();
    Optional<Path> unlabelledFile = unlabelledFile(recipe.distillation(), directory, files);
    List<Example> unlabelled = List.of();
    if (unlabelledFile.isPresent()) {
      unlabelled = reader(data, mapping).readUnlabelled(unlabelledFile.get(), unlabelledNotes);
    }
    return new TrainingTexts(
        train,
        unlabelled,
        validation,
        labels,
        data.problemType(),
        new EmptyRows(
            trainNotes.emptyTexts(), unlabelledNotes.emptyTexts(), validationNotes.emptyTexts()),
        Stream.of(
                trainNotes.sentences(),
                validationNotes.sentences(),
                unlabelledNotes.sentences(),
                passedOver(files, trainFile, validationFile, unlabelledFile))
            .flatMap(List::stream)
            .toList());
  }

  private static ExampleReader reader(Recipe.Data data, LabelMapping mapping) {
    return new ExampleReader(
        new Columns(data.idColumn(), data.textColumn(), data.labelColumn(), contextColumn(data)),
        mapping,
        data.problemType(),
        data.emptyTexts());
  }

  private static @Nullable String contextColumn(Recipe.Data data) {
    if (data.inputTemplate() == null) {
      return null;
    }
    return data.contextColumn() == null ? Columns.CONTEXT_NAME : data.contextColumn();
  }

  private static void requireTwo(LabelSet labels, Path trainFile, int texts) {
    if (labels.size() < 2) {
      throw new NunchiException(
          Reason.INVALID_DATA,
          String.format(
              Locale.ROOT,
              "%s: the label of all %,d texts is '%s'; a classifier needs at least two labels",
              trainFile,
              texts,
              labels.get(0).name()));
    }
  }

  private static void requireTwoValues(Path trainFile, List<Example> train) {
    double first = train.getFirst().value();
    if (train.stream().allMatch(example -> example.value() == first)) {
      throw new NunchiException(
          Reason.INVALID_DATA,
          String.format(
              Locale.ROOT,
              "%s: the value of all %,d texts is %s; a regression needs at least two values",
              trainFile,
              train.size(),
              train.getFirst().label()));
    }
  }

  /// Training and validation of one file; all for training where nothing is to be evaluated.
  private static Split split(Recipe recipe, List<Example> examples, Path directory) {
    double share = recipe.data().validationShare();
    SplitSize size = new SplitSize.Share(share);
    long seed = recipe.optimization().seed();
    Split split =
        recipe.data().problemType() == ProblemType.REGRESSION
            ? Split.byValue(examples, size, SplitSize.NONE, seed)
            : Split.stratified(examples, size, SplitSize.NONE, seed);
    if (split.validation().isEmpty() && recipe.isEvaluated()) {
      throw new NunchiException(
          Reason.INVALID_DATA,
          ("%s: there is no validation file, and a validation_share of %s of %d texts is none; set"
                  + " validation_share to at least %s, or to 0 with eval_strategy: no and"
                  + " load_best_model_at_end: false to train on all texts and measure nothing")
              .formatted(directory, share, examples.size(), leastShare(examples.size())));
    }
    return split;
  }

  /// A share that is some texts; of very few the half.
  private static String leastShare(int texts) {
    return texts < 10 ? "0.5" : "0.1";
  }

  private static List<String> passedOver(
      DataDirectory files,
      Path trainFile,
      Optional<Path> validationFile,
      Optional<Path> unlabelledFile) {
    List<Path> used = new ArrayList<>(List.of(trainFile));
    validationFile.ifPresent(used::add);
    unlabelledFile.ifPresent(used::add);
    List<String> passedOver = files.passedOver(used);
    return passedOver.isEmpty()
        ? List.of()
        : List.of(
            ("%s: not read: %s; train_file, validation_file and, with a teacher, unlabelled_file of"
                    + " the recipe name other files")
                .formatted(files.path(), String.join(", ", passedOver)));
  }

  /// All that is learnt from: the labelled texts, then those without a label.
  List<Example> learnt() {
    return unlabelled.isEmpty()
        ? train
        : Stream.concat(train.stream(), unlabelled.stream()).toList();
  }

  /// Whether there is anything to measure by.
  boolean hasValidation() {
    return !validation.isEmpty();
  }

  /// The same texts with their labels in the order that a checkpoint has them, where it has the
  /// same.
  TrainingTexts ordered(LabelSet others) {
    return problemType == ProblemType.REGRESSION
            || new HashSet<>(others.names()).equals(new HashSet<>(labels.names()))
        ? new TrainingTexts(train, unlabelled, validation, others, problemType, emptyTexts, notes)
        : this;
  }

  /// What a network should answer to some of the texts: to those without a label nothing, which of
  /// a regression is NaN.
  Targets targets(List<Example> examples) {
    return problemType == ProblemType.REGRESSION
        ? new Targets.Values(
            examples.stream()
                .mapToDouble(example -> example.labels().isEmpty() ? Double.NaN : example.value())
                .toArray())
        : new Targets.Labels(
            examples.stream()
                .map(example ->
                    example.labels().stream()
                        .mapToInt(name -> labels.indexOf(name).orElseThrow())
                        .toArray())
                .toArray(int[][]::new));
  }

  /// Some of the texts as a report counts them: by label, or by the range of their value.
  List<Example> counted(List<Example> examples) {
    return problemType == ProblemType.REGRESSION
        ? examples.stream().map(ValueRanges.of(train)::inRange).toList()
        : examples;
  }

  /// The labels of [#counted] texts.
  LabelSet countedLabels() {
    return problemType == ProblemType.REGRESSION
        ? LabelSet.of(ValueRanges.of(train).names().toArray(String[]::new))
        : labels;
  }

  /// What a value is called where the recipe does not say: a polarity, where all of them could be
  /// one, else as its column.
  private static LabelSet valueOf(Recipe.Data data, List<Example> train) {
    if (train.stream().allMatch(example -> Math.abs(example.value()) <= 1)) {
      return new LabelSet(List.of(Label.of("polarity", 1)));
    }
    return LabelSet.of(data.labelColumn() == null ? "value" : PlainName.of(data.labelColumn()));
  }

  /// The file that the recipe names; or the split of the directory, unless the recipe trains on a
  /// file of its own, for which that split may have other columns or labels.
  private static Optional<Path> validationFile(
      Recipe.Data data, Path directory, DataDirectory files) {
    if (data.validationFile() != null) {
      return Optional.of(directory.resolve(data.validationFile()));
    }
    return data.trainFile() == null ? files.find("validation") : Optional.empty();
  }

  /// The file that the recipe names, or that of the directory; none without a teacher.
  private static Optional<Path> unlabelledFile(
      Recipe.Distillation distillation, Path directory, DataDirectory files) {
    if (!distillation.hasTeacher()) {
      return Optional.empty();
    }
    return distillation.unlabelledFile() == null
        ? files.find("unlabelled")
        : Optional.of(directory.resolve(distillation.unlabelledFile()));
  }

  private static @Nullable LabelSet labels(@Nullable Map<String, Double> polarities) {
    if (polarities == null) {
      return null;
    }
    return new LabelSet(
        polarities.entrySet().stream()
            .map(entry ->
                new Label(
                    PlainName.of(entry.getKey()),
                    entry.getValue() == null
                        ? OptionalDouble.empty()
                        : OptionalDouble.of(entry.getValue())))
            .toList());
  }
}
