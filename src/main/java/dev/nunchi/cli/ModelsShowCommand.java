package dev.nunchi.cli;

import dev.nunchi.hub.ModelStore;
import dev.nunchi.hub.StoredModel;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `models show`: what is known of a model that is here.
@Command(
    name = "show",
    header = "Shows a model that is here: revision, licence, directory, files.",
    footerHeading = "%nExample:%n",
    footer = "  nunchi models show klue/roberta-base")
final class ModelsShowCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "NAME",
      description = "The model; all of its revisions that are here, or one: NAME@REVISION.")
  private String name = "";

  @Override
  public Integer call() {
    ModelStore store = new ModelStore(ModelArgument.settings(spec));
    String gap = "";
    for (StoredModel model : store.revisions(ModelArgument.reference(spec, name), name)) {
      spec.commandLine().getOut().print(gap);
      show(model, spec.commandLine().getOut());
      gap = System.lineSeparator();
    }
    return 0;
  }

  private static void show(StoredModel model, PrintWriter out) {
    out.printf("model      %s%n", model.name());
    out.printf("revision   %s%n", model.revision());
    if (!model.refs().isEmpty()) {
      out.printf("refs       %s%n", String.join(", ", model.refs()));
    }
    out.printf("licence    %s%n", model.license().orElse("its card names none"));
    out.printf("directory  %s%n", model.directory());
    out.printf(Locale.ROOT, "files      %d, %,d bytes%n", model.files().size(), model.bytes());
    int width = model.files().stream().mapToInt(file -> file.name().length()).max().orElse(1);
    for (StoredModel.File file : model.files()) {
      out.printf(
          Locale.ROOT,
          "  %-" + width + "s  %,15d  %s%n",
          file.name(),
          file.bytes(),
          file.digest().isEmpty() ? "no digest" : file.digest());
    }
  }
}
