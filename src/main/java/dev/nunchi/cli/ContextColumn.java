package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.LoadedModel;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Which column of a file has the contexts of its texts, for a model that reads them.
final class ContextColumn {
  @Option(
      names = "--context-column",
      paramLabel = "NAME",
      description =
          "Column of what each text is about or answers to, for a model that was trained with"
              + " input_template: text_and_context.")
  private @Nullable String name;

  /// Null where none is read.
  @Nullable String name() {
    return name;
  }

  /// Says so where a model that reads contexts gets none.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` where the model has no place for a context
  void check(LoadedModel model, PrintWriter err) {
    boolean reads = model.manifest().text().inputTemplate() != null;
    if (name != null && !reads) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "--context-column: the model %s reads texts alone; leave it out"
              .formatted(model.manifest().name()));
    }
    if (name == null && reads) {
      err.println(
          "Note: the model reads a context beside each text, and gets none; --context-column names"
              + " the column that has it");
    }
  }
}
