package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.hub.ModelStore;
import dev.nunchi.hub.StoredModel;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `models verify`: holds the files of models that are here against their digests.
@Command(
    name = "verify",
    header = "Checks every file of a model that is here against its digest.",
    description = {
      "",
      "Says of each revision that it is whole, or names the files that are damaged or missing; the"
          + " exit status is then 1. Nothing is fetched: 'nunchi models pull' mends what is"
          + " damaged.",
    },
    footerHeading = "%nExample:%n",
    footer = "  nunchi models verify klue/roberta-base")
final class ModelsVerifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "NAME", arity = "0..1", description = "The model (default: all).")
  private String name = "";

  @Override
  public Integer call() {
    ModelStore store = new ModelStore(ModelArgument.settings(spec));
    List<StoredModel> models =
        name.isEmpty() ? store.list() : store.revisions(ModelArgument.reference(spec, name), name);
    int damaged = 0;
    for (StoredModel model : models) {
      List<String> damage = store.damage(model);
      damage.forEach(spec.commandLine().getErr()::println);
      damaged += damage.isEmpty() ? 0 : 1;
      spec.commandLine()
          .getOut()
          .printf(
              Locale.ROOT,
              "%s %s: %s%n",
              model.name(),
              model.revision(),
              damage.isEmpty()
                  ? String.format(
                      Locale.ROOT,
                      "%d files, %,d bytes, whole",
                      model.files().size(),
                      model.bytes())
                  : "damaged");
    }
    if (damaged > 0) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%d of %d models are damaged; 'nunchi models pull NAME' mends one"
              .formatted(damaged, models.size()));
    }
    return 0;
  }
}
