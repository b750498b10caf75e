package dev.nunchi;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// What `mvn package` made, as the launcher starts it; compiled in a hurry, as no process of a test
/// lives for long.
public final class PackagedApplication {
  static final Path FOLDER = Path.of("target/quarkus-app");
  static final Path TRAINING = Path.of("target/training");

  private PackagedApplication() {}

  /// The serving artefact alone.
  public static ProcessBuilder serving(String... arguments) {
    return process(FOLDER.resolve("quarkus-run.jar").toString(), arguments);
  }

  /// With libtorch beside it.
  public static ProcessBuilder training(String... arguments) {
    ProcessBuilder process =
        process(FOLDER.resolve("quarkus-run.jar") + ":" + TRAINING + "/*", arguments);
    process.environment().put("OMP_WAIT_POLICY", "passive");
    return process;
  }

  private static ProcessBuilder process(String classPath, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.add("--add-opens=java.base/java.lang=ALL-UNNAMED");
    command.addAll(List.of("-cp", classPath, "io.quarkus.bootstrap.runner.AotQuarkusEntryPoint"));
    command.addAll(List.of(arguments));
    ProcessBuilder process = new ProcessBuilder(command);
    process.environment().put("LC_ALL", "C");
    return process;
  }
}
