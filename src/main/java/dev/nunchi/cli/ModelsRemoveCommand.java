package dev.nunchi.cli;

import dev.nunchi.hub.ModelStore;
import dev.nunchi.hub.StoredModel;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `models remove`: deletes models that are here.
@Command(
    name = "remove",
    aliases = "rm",
    header = "Deletes a model that is here.",
    description = {
      "",
      "All of its revisions, also what another program fetched, or one: NAME@REVISION. Files that"
          + " another revision has too stay.",
    },
    footerHeading = "%nExample:%n",
    footer = "  nunchi models remove klue/roberta-base")
final class ModelsRemoveCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "NAME", description = "The model, or NAME@REVISION.")
  private String name = "";

  @Override
  public Integer call() {
    ModelStore store = new ModelStore(ModelArgument.settings(spec));
    for (StoredModel model : store.revisions(ModelArgument.reference(spec, name), name)) {
      long freed = store.remove(model);
      spec.commandLine()
          .getErr()
          .printf(Locale.ROOT, "Removed %s %s, %,d bytes%n", model.name(), model.revision(), freed);
    }
    return 0;
  }
}
