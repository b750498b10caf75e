package dev.nunchi.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `models`: the commands about models that have a name.
@Command(
    name = "models",
    header = "Fetches, lists, checks, trims and removes models by their names.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      ModelsPullCommand.class,
      ModelsListCommand.class,
      ModelsShowCommand.class,
      ModelsVerifyCommand.class,
      ModelsTrimCommand.class,
      ModelsRemoveCommand.class
    },
    description = {
      "",
      "A model's name works wherever its directory does: in --model, and in a recipe's"
          + " model_name_or_path. A directory that is there goes first; a name that is not here yet"
          + " is pulled, after saying so, unless --offline is given; one without an owner, or whose"
          + " owner is a file or folder here, may be a slip, and models pull fetches it. Names"
          + " are:",
      "",
      "  klue/roberta-base              of the hub; @REVISION behind it pins a branch, tag or"
          + " commit",
      "  oci://registry.example/movies:1   an exported model in an OCI registry, or @sha256:DIGEST",
      "  https://store.example/movies.tar.gz#sha256=DIGEST   one in a tar archive",
      "",
      "Models of the hub lie in the cache of huggingface_hub and transformers, and what either"
          + " program fetched serves both. Only what is read here is fetched: configuration,"
          + " tokenizer, card, licence, and weights as safetensors where there are such; never"
          + " code. Every file is held against the digest that the hub lists.",
    },
    footerHeading = "%nEnvironment:%n",
    footer = {
      "  HF_ENDPOINT     the hub (https://huggingface.co)",
      "  HF_TOKEN        who asks, for gated and private models; else the file HF_HOME/token",
      "  HF_HUB_CACHE    the cache (HF_HOME/hub, else ~/.cache/huggingface/hub)",
      "  HF_HUB_OFFLINE  1: as --offline",
      "  HF_HUB_DOWNLOAD_TIMEOUT   seconds for which a server may be silent (10)",
      "  NUNCHI_CACHE    where models of registries and archives lie, in 'models'"
          + " (~/.cache/nunchi)",
    })
final class ModelsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    CommandLine commandLine = spec.commandLine();
    commandLine.usage(commandLine.getErr());
    return ExitCode.USAGE;
  }
}
