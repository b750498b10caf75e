package dev.nunchi.cli;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Command;

/// The command lines that a reader of the documentation or of `--help` would copy.
final class DocumentedCommands {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\w*)\\n(.*?)^```");
  private static final Pattern SPAN = Pattern.compile("`((?:\\./nunchi|python -m) [^`]+)`");
  private static final Pattern COMMAND =
      Pattern.compile("(\\./nunchi|nunchi|curl|grpcurl|cat|echo|printf|tail) .*");
  private static final List<Path> PAGES =
      List.of(Path.of("README.md"), Path.of("docs/operations.md"), Path.of("examples/README.md"));

  private DocumentedCommands() {}

  /// All of them, each once, with `nunchi` for `./nunchi`.
  static Set<String> all() throws IOException {
    Set<String> commands = new LinkedHashSet<>();
    for (Path page : PAGES) {
      String text = Files.readString(page);
      blocks(text, "").forEach(block -> commands.addAll(commands(block)));
      SPAN.matcher(text)
          .results()
          .map(span -> span.group(1).replaceAll("\\s+", " "))
          .forEach(commands::add);
    }
    for (String help : helps()) {
      commands.addAll(commands(help));
    }
    Set<String> plain = new LinkedHashSet<>();
    commands.forEach(command -> plain.add(command.replace("./nunchi", "nunchi")));
    return plain;
  }

  /// What stands between fences of that language in a page.
  static Stream<String> blocks(String page, String language) {
    Matcher blocks = BLOCK.matcher(page);
    return blocks
        .results()
        .filter(block -> block.group(1).equals(language))
        .map(block -> block.group(2));
  }

  /// What each `--help` shows.
  private static List<String> helps() {
    List<String> helps = new ArrayList<>(List.of(help("--help")));
    for (CommandGroup group : Nunchi.commands()) {
      for (Object command : group.commands()) {
        Command annotation = command.getClass().getAnnotation(Command.class);
        helps.add(help(annotation.name(), "--help"));
        for (Class<?> inner : annotation.subcommands()) {
          helps.add(help(annotation.name(), inner.getAnnotation(Command.class).name(), "--help"));
        }
      }
    }
    return helps;
  }

  private static String help(String... arguments) {
    StringWriter out = new StringWriter();
    InProcess.run(out, new StringWriter(), (Object[]) arguments);
    return out.toString();
  }

  /// The commands among lines: behind a prompt or not, continued with `\`, without what is said of
  /// them.
  private static List<String> commands(String lines) {
    return lines
        .replaceAll("\\\\\\n\\s*", "")
        .lines()
        .map(line -> line.strip().replaceFirst("^\\$ ", "").replaceFirst("\\s+# .*", ""))
        .filter(line -> COMMAND.matcher(line).matches())
        // The tree of folders.
        .filter(line -> !line.startsWith("nunchi  "))
        .toList();
  }
}
