package dev.nunchi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What `mvn package` made, run as a process of its own.
class PackagedApplicationIT {
  @Test
  void servingArtefact_everyLibrary_isNotOfLibtorch() throws IOException {
    assertEquals(List.of(), jars(PackagedApplication.FOLDER, "bytedeco|pytorch|openblas|javacpp"));
    assertFalse(jars(PackagedApplication.FOLDER, "onnxruntime").isEmpty());
  }

  @Test
  void trainingLibraries_besideIt_areLibtorchAlone() throws IOException {
    assertEquals(
        List.of("javacpp", "openblas", "pytorch"),
        jars(PackagedApplication.TRAINING, ".*").stream()
            .map(name -> name.replaceFirst("-.*", ""))
            // Of the profile of that name, where it was on.
            .filter(name -> !name.equals("mkl"))
            .distinct()
            .sorted()
            .toList());
  }

  @Test
  void help_withoutTrainingLibraries_isShown() throws Exception {
    Result result = run("--help");
    assertEquals(0, result.exitCode());
    assertTrue(result.out().contains("Usage: nunchi"), result.out());
    assertEquals("", result.err());
  }

  @Test
  void help_inALocaleWithoutUtf8_isUtf8() throws Exception {
    assertTrue(run("--help").out().contains("이 영화 정말 재미있어요"));
  }

  @Test
  void version_filtered_isThatOfTheBuild() throws Exception {
    String version = run("--version").out();
    assertTrue(version.matches("(?s)nunchi \\d+\\.\\d+\\.\\d+.*"), version);
  }

  @Test
  void unknownCommand_inTheProcess_exitsWith2() throws Exception {
    Result result = run("nonsense");
    assertEquals(2, result.exitCode());
    assertEquals("", result.out());
    assertTrue(result.err().startsWith("nunchi: 'nonsense' is not a command\n"), result.err());
  }

  @Test
  void standardOutput_whoseReaderLeft_endsTheProcessQuietly() throws Exception {
    Process process = PackagedApplication.serving("--help").start();
    process.getInputStream().close();
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(1, process.waitFor());
    assertEquals("", err);
  }

  private record Result(int exitCode, String out, String err) {}

  private static Result run(String... arguments) throws Exception {
    Process process = PackagedApplication.serving(arguments).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), out, err);
  }

  private static List<String> jars(Path folder, String name) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(file -> file.endsWith(".jar") && file.matches("(?s).*(" + name + ").*"))
          .sorted()
          .toList();
    }
  }
}
