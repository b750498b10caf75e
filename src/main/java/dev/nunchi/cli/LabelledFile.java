package dev.nunchi.cli;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.data.Columns;
import dev.nunchi.data.Example;
import dev.nunchi.data.ExampleReader;
import dev.nunchi.data.LabelMapping;
import java.nio.file.Path;
import java.util.List;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

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

  /// @throws NunchiException `INVALID_DATA` where the file has no labelled text
  List<Example> read(Path file, LabelSet labels, ProblemType problemType) {
    LabelMapping mapping =
        LabelMapping.parse(labelMapping == null ? numbered(labels) : labelMapping)
            .restrictedTo(labels);
    List<Example> examples =
        new ExampleReader(new Columns(idColumn, textColumn, labelColumn), mapping, problemType)
            .read(file);
    if (examples.isEmpty()) {
      throw new NunchiException(Reason.INVALID_DATA, file + " has no labelled text");
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
}
