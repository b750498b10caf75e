package dev.nunchi.cli;

import picocli.CommandLine.Option;

/// The option `--help`, which every command has.
final class HelpOption {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help and exit.")
  private boolean help;
}
