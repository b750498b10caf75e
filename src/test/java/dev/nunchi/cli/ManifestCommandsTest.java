package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.kubernetes.ServerNames;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/// The command lines in `k8s/`.
class ManifestCommandsTest {
  private static final Map<String, CommandLine> COMMANDS =
      Map.of(
          "serve", new CommandLine(new ServeCommand()),
          "train", new CommandLine(new TrainCommand()),
          "evaluate", new CommandLine(new EvaluateCommand()),
          "export", new CommandLine(new ExportCommand()),
          "models", new CommandLine(new ModelsCommand()));

  @Test
  void commands_ofAllContainers_areUnderstood() {
    Set<List<String>> commands = ServerNames.commands();
    assertTrue(commands.size() >= 8, commands.toString());
    for (List<String> command : commands) {
      Objects.requireNonNull(COMMANDS.get(command.getFirst()))
          .registerConverter(ModelArgument.class, ModelArgument::of)
          .setCaseInsensitiveEnumValuesAllowed(true)
          .parseArgs(
              command.subList(1, command.size()).stream()
                  .filter(argument -> !argument.equals("--offline"))
                  .toArray(String[]::new));
    }
  }
}
