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
import org.junit.jupiter.api.io.TempDir;

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

  /// What the ahead-of-time cache is recorded from: where it fails, starts are slow and nobody is
  /// told.
  @Test
  void rehearsal_ofWhatWasPackaged_endsWell() throws Exception {
    ProcessBuilder rehearsal = PackagedApplication.serving("rehearse");
    rehearsal.environment().put("NUNCHI_HOME", Path.of("").toAbsolutePath().toString());
    Result result = result(rehearsal.start());
    assertEquals(0, result.exitCode(), result.err());
    assertTrue(result.err().contains("Serving nsmc-small"), result.err());
  }

  @Test
  void standardOutput_whoseReaderLeft_endsTheProcessQuietly() throws Exception {
    Process process = PackagedApplication.serving("--help").start();
    process.getInputStream().close();
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(1, process.waitFor());
    assertEquals("", err);
  }

  @Test
  void classify_standardInputClosed_saysSo() throws Exception {
    Result result = inShell("<&-", "classify", "--input", "-");
    assertEquals(1, result.exitCode());
    assertEquals(
        "nunchi: Standard input is closed; give texts as arguments, or --input FILE\n",
        result.err());
    assertEquals("", result.out());
  }

  @Test
  void classify_standardOutputClosedOrFull_saysSo() throws Exception {
    for (String redirection : List.of(">&-", ">/dev/full")) {
      Result result = inShell(redirection, "classify", "좋아요");
      assertEquals(1, result.exitCode());
      assertTrue(
          result.err().startsWith("nunchi: Standard output could not be written: "), result.err());
    }
  }

  @Test
  void classify_killedWhileItWaits_hasAnsweredAndLeavesNoFile(@TempDir Path temporary)
      throws Exception {
    ProcessBuilder classify =
        PackagedApplication.serving("classify", "--input", "-", "--format", "jsonl");
    classify.environment().put("NUNCHI_HOME", Path.of("").toAbsolutePath().toString());
    classify.environment().put("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=" + temporary);
    Process process = classify.start();
    try {
      process.getOutputStream().write("좋아요\n".getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
      String answer = process.inputReader(StandardCharsets.UTF_8).readLine();
      assertTrue(answer.startsWith("{\"text\":\"좋아요\","), answer);
    } finally {
      process.destroyForcibly().waitFor();
    }
    try (Stream<Path> files = Files.list(temporary)) {
      assertEquals(List.of(), files.toList());
    }
  }

  @Test
  void classify_foldersThatCannotBeWritten_areNamed(@TempDir Path folder) throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    ProcessBuilder classify =
        PackagedApplication.serving("classify", "--model", "models/nsmc-combined", "좋아요");
    classify.environment().put("NUNCHI_HOME", Path.of("").toAbsolutePath().toString());
    classify.environment().put("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=" + file + "/tmp");
    Result result = result(classify.start());
    assertEquals(1, result.exitCode());
    assertTrue(
        result.err().contains("nunchi: The folder for temporary files, " + file + "/tmp, cannot"),
        result.err());
    classify.environment().put("JAVA_TOOL_OPTIONS", "-Duser.home=?");
    classify.environment().put("NUNCHI_CACHE", file.toString());
    result = result(classify.start());
    assertEquals(1, result.exitCode());
    assertTrue(result.err().contains("no folder for them can be written: " + file), result.err());
  }

  /// N-grams need no native library, and so no folder to unpack one.
  @Test
  void classify_ngramsWithoutFoldersThatCanBeWritten_answers(@TempDir Path folder)
      throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    ProcessBuilder classify = PackagedApplication.serving("classify", "좋아요");
    classify.environment().put("NUNCHI_HOME", Path.of("").toAbsolutePath().toString());
    classify.environment().put("LC_ALL", "C.UTF-8");
    classify
        .environment()
        .put("JAVA_TOOL_OPTIONS", "-Duser.home=? -Djava.io.tmpdir=" + file + "/tmp");
    classify.environment().put("NUNCHI_CACHE", file.toString());
    Result result = result(classify.start());
    assertEquals(0, result.exitCode(), result.err());
    assertTrue(result.out().contains("긍정"), result.out());
  }

  private record Result(int exitCode, String out, String err) {}

  private static Result run(String... arguments) throws Exception {
    return result(PackagedApplication.serving(arguments).start());
  }

  /// With a shell's redirection of its streams.
  private static Result inShell(String redirection, String... arguments) throws Exception {
    ProcessBuilder process = PackagedApplication.serving(arguments);
    process.command().addAll(0, List.of("bash", "-c", "exec \"$@\" " + redirection, "bash"));
    process.environment().put("NUNCHI_HOME", Path.of("").toAbsolutePath().toString());
    process.environment().put("LC_ALL", "C.UTF-8");
    return result(process.start());
  }

  private static Result result(Process process) throws Exception {
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
