package dev.nunchi.cli;

import dev.nunchi.hub.ModelStore;
import dev.nunchi.hub.StoredModel;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `models list`: the models that are here.
@Command(
    name = "list",
    aliases = "ls",
    header = "Lists the models that are here.",
    description = {
      "",
      "A line for each revision, whichever program fetched it: name, revision, the branches and"
          + " tags that it is, files, bytes, licence. Columns are parted by two blanks or more.",
    })
final class ModelsListCommand implements Callable<Integer> {
  private static final int SHORT_REVISION = 12;
  private static final String GAP = "  ";

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    List<StoredModel> models = new ModelStore(ModelArgument.settings(spec)).list();
    if (models.isEmpty()) {
      spec.commandLine()
          .getErr()
          .println("No model is here yet; 'nunchi models pull OWNER/NAME' fetches one.");
      return 0;
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("MODEL", "REVISION", "REFS", "FILES", "BYTES", "LICENCE"));
    models.forEach(model -> rows.add(row(model)));
    print(rows, spec.commandLine().getOut());
    return 0;
  }

  private static List<String> row(StoredModel model) {
    String revision = model.revision();
    int from = revision.indexOf(':') + 1;
    return List.of(
        model.name(),
        revision.substring(0, Math.min(revision.length(), from + SHORT_REVISION)),
        model.refs().isEmpty() ? "-" : String.join(",", model.refs()),
        Integer.toString(model.files().size()),
        String.format(Locale.ROOT, "%,d", model.bytes()),
        model.license().orElse("-"));
  }

  private static void print(List<List<String>> rows, PrintWriter out) {
    int columns = rows.getFirst().size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int column = 0; column < columns; column++) {
        widths[column] = Math.max(widths[column], row.get(column).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < columns; column++) {
        line.append(row.get(column))
            .append(" ".repeat(widths[column] - row.get(column).length()))
            .append(GAP);
      }
      out.println(line.toString().stripTrailing());
    }
  }
}
