package dev.nunchi.cli;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.data.Columns;
import dev.nunchi.data.EmptyTexts;
import dev.nunchi.data.Example;
import dev.nunchi.data.ExampleReader;
import dev.nunchi.data.LabelMapping;
import dev.nunchi.data.ReadingNotes;
import dev.nunchi.export.Validation;
import dev.nunchi.export.Validation.LabelledText;
import dev.nunchi.export.Validation.ValuedText;
import dev.nunchi.model.Manifest;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// Options about a file of labelled texts, and how it is read for a model.
final class LabelledFile {
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

  /// Of a command that was given no such file, and would read none as the options say.
  ///
  /// @param file the option that names it
  /// @throws ParameterException where one of the options was given all the same
  void requireNone(CommandSpec spec, String file) {
    String option;
    if (labelMapping != null) {
      option = "--label-mapping";
    } else if (idColumn != null) {
      option = "--id-column";
    } else if (textColumn != null) {
      option = "--text-column";
    } else if (labelColumn != null) {
      option = "--label-column";
    } else {
      return;
    }
    throw new ParameterException(
        spec.commandLine(),
        "%s says how the file of %s is read, and none was given; give one, or leave it out"
            .formatted(option, file));
  }

  /// The texts of a file that needs no labels, without the empty ones.
  List<String> readTexts(Path file, ReadingNotes notes) {
    return new ExampleReader(
            new Columns(null, textColumn, null),
            LabelMapping.IDENTITY,
            ProblemType.SINGLE_LABEL_CLASSIFICATION,
            EmptyTexts.DROP)
        .readTexts(file, notes);
  }

  /// The examples of a file, without those whose text is empty.
  ///
  /// @param notes which take down what was left out, and which numbers stood for which labels
  /// @throws NunchiException `INVALID_DATA` where the file has no labelled text
  List<Example> read(Path file, LabelSet labels, ProblemType problemType, ReadingNotes notes) {
    return read(file, labels, problemType, null, notes);
  }

  /// As [#read], with a context.
  ///
  /// @param contextColumn null for none
  List<Example> read(
      Path file,
      LabelSet labels,
      ProblemType problemType,
      @Nullable String contextColumn,
      ReadingNotes notes) {
    LabelMapping mapping = problemType == ProblemType.REGRESSION ? ofValues() : ofLabels(labels);
    return new ExampleReader(
            new Columns(idColumn, textColumn, labelColumn, contextColumn),
            mapping,
            problemType,
            EmptyTexts.DROP)
        .read(file, notes);
  }

  /// The examples of a file as an export compares models on them.
  ///
  /// @param task of the models
  /// @throws NunchiException as [#read]
  Validation readForExport(Path file, Manifest.Task task, ReadingNotes notes) {
    return switch (task.problemType()) {
      case REGRESSION ->
          new Validation.Values(
              read(file, task.labels(), task.problemType(), notes).stream()
                  .map(example -> new ValuedText(example.text(), example.value()))
                  .toList());
      case SINGLE_LABEL_CLASSIFICATION, MULTI_LABEL_CLASSIFICATION ->
          readLabelled(file, task, notes);
    };
  }

  /// The same of classifiers.
  Validation.Labels readLabelled(Path file, Manifest.Task task, ReadingNotes notes) {
    return new Validation.Labels(
        read(file, task.labels(), task.problemType(), notes).stream()
            .map(example -> new LabelledText(example.text(), Set.copyOf(example.labels())))
            .toList());
  }

  private LabelMapping ofLabels(LabelSet labels) {
    return labelMapping == null
        ? LabelMapping.ofModel(labels)
        : LabelMapping.parse(labelMapping).restrictedTo(labels);
  }

  private LabelMapping ofValues() {
    return labelMapping == null ? LabelMapping.IDENTITY : LabelMapping.parse(labelMapping);
  }
}
