package dev.nunchi.cli;

import io.quarkus.runtime.annotations.QuarkusMain;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.HelpCommand;

/// The entry point: runs a command and exits with its code.
///
/// picocli parses before anything else; Quarkus starts inside the command that needs it, so that
/// `--help` is quick and opens no port.
@QuarkusMain
public final class Nunchi {
  /// Not for people, so no command: what the launcher and the images call to record what a start
  /// needs. With a port behind it, the caller of the server that is recorded.
  static final String REHEARSE = "rehearse";

  Nunchi() {}

  public static void main(String[] args) {
    // Numbers in results look the same on every machine.
    Locale.setDefault(Locale.ROOT);
    System.setOut(utf8(new StandardOutput(new FileOutputStream(FileDescriptor.out))));
    System.setErr(utf8(new FileOutputStream(FileDescriptor.err)));
    if (args.length > 0 && args[0].equals(REHEARSE)) {
      System.exit(args.length == 1 ? new Rehearsal().run() : Rehearsal.call(args[1]));
    }
    Program program =
        new Program(
            commands(),
            System.getenv(),
            new PrintWriter(System.out, true, StandardCharsets.UTF_8),
            new PrintWriter(System.err, true, StandardCharsets.UTF_8));
    System.exit(program.run(args));
  }

  /// Every command, in the groups and the order of the help.
  static List<CommandGroup> commands() {
    CommandGroup use = new CommandGroup("Use a model");
    use.add(new ServeCommand());
    use.add(new ClassifyCommand());
    use.add(new ModelsCommand());
    use.add(new BenchCommand());
    CommandGroup make = new CommandGroup("Make a model");
    make.add(new TrainCommand());
    make.add(new EvaluateCommand());
    make.add(new MergeCommand());
    make.add(new ExportCommand());
    make.add(new HeadCommand());
    make.add(new CombineCommand());
    CommandGroup more = new CommandGroup("Find out more");
    more.add(new HelpCommand());
    return List.of(use, make, more);
  }

  /// UTF-8 whatever the locale, as labels and texts are Korean.
  private static PrintStream utf8(OutputStream out) {
    return new PrintStream(out, true, StandardCharsets.UTF_8);
  }
}
