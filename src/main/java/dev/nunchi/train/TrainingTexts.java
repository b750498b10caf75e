package dev.nunchi.train;

import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.data.Columns;
import dev.nunchi.data.DataDirectory;
import dev.nunchi.data.Example;
import dev.nunchi.data.ExampleReader;
import dev.nunchi.data.LabelMapping;
import dev.nunchi.data.Split;
import dev.nunchi.data.SplitSize;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/// The texts that a recipe trains on and those that it is watched by. The test split is never read.
///
/// @param labels the recipe's labels with their polarities, else those of the mapping or the data
record TrainingTexts(List<Example> train, List<Example> validation, LabelSet labels) {

  /// @param directory the data directory; a recipe's files are relative to it
  static TrainingTexts read(Recipe recipe, Path directory) {
    Recipe.Data data = recipe.data();
    DataDirectory files = new DataDirectory(directory);
    Path trainFile = data.trainFile() == null ? files.train() : directory.resolve(data.trainFile());
    LabelMapping mapping =
        data.labelMapping() == null
            ? LabelMapping.IDENTITY
            : LabelMapping.parse(data.labelMapping());
    @Nullable LabelSet given = labels(data.labels());
    if (given != null) {
      mapping = mapping.restrictedTo(given);
    }
    ExampleReader reader =
        new ExampleReader(
            new Columns(data.idColumn(), data.textColumn(), data.labelColumn()),
            mapping,
            data.problemType());
    List<Example> train = reader.read(trainFile);
    if (train.isEmpty()) {
      throw new NunchiException(Reason.INVALID_DATA, trainFile + " has no labelled text");
    }
    LabelSet labels = given == null ? mapping.labelSet(train) : given;
    Optional<Path> validationFile = validationFile(data, directory, files);
    if (validationFile.isPresent()) {
      ExampleReader restricted =
          new ExampleReader(
              new Columns(data.idColumn(), data.textColumn(), data.labelColumn()),
              mapping.restrictedTo(labels),
              data.problemType());
      return new TrainingTexts(train, restricted.read(validationFile.get()), labels);
    }
    Split split =
        Split.stratified(
            train,
            new SplitSize.Share(data.validationShare()),
            SplitSize.NONE,
            recipe.optimization().seed());
    if (split.validation().isEmpty()) {
      throw new NunchiException(
          Reason.INVALID_DATA,
          "%s: there is no validation file, and a validation_share of %s of %d texts is none"
              .formatted(directory, data.validationShare(), train.size()));
    }
    return new TrainingTexts(split.train(), split.validation(), labels);
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

  private static @Nullable LabelSet labels(@Nullable Map<String, Double> polarities) {
    if (polarities == null) {
      return null;
    }
    return new LabelSet(
        polarities.entrySet().stream()
            .map(entry ->
                new Label(
                    entry.getKey(),
                    entry.getValue() == null
                        ? OptionalDouble.empty()
                        : OptionalDouble.of(entry.getValue())))
            .toList());
  }
}
