package dev.nunchi.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.stream.Stream;

/// The program, run inside a test: all its commands, and no environment but the one given.
final class InProcess {
  private InProcess() {}

  /// @return the exit status
  static int run(StringWriter out, StringWriter err, Object... arguments) {
    return run(Map.of(), out, err, arguments);
  }

  static int run(
      Map<String, String> environment, StringWriter out, StringWriter err, Object... arguments) {
    return new Program(
            Nunchi.commands(), environment, new PrintWriter(out, true), new PrintWriter(err, true))
        .run(Stream.of(arguments).map(Object::toString).toArray(String[]::new));
  }
}
