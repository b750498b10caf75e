package dev.nunchi.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Help;

/// Commands that the help shows under one heading.
final class CommandGroup {
  private final String heading;
  private final List<Object> commands = new ArrayList<>();

  CommandGroup(String heading) {
    this.heading = heading;
  }

  /// @param command an object of a class with picocli's `@Command`
  void add(Object command) {
    commands.add(command);
  }

  List<Object> commands() {
    return List.copyOf(commands);
  }

  /// The heading with a line for each command; nothing where the group is empty.
  ///
  /// @param help of the command that these are the subcommands of
  String describe(Help help) {
    if (commands.isEmpty()) {
      return "";
    }
    Map<String, Help> members = new LinkedHashMap<>(help.subcommands());
    members.values().removeIf(member -> !commands.contains(member.commandSpec().userObject()));
    return help.createHeading("%n" + heading + ":%n") + help.commandList(members);
  }
}
