package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.faults.Fuzz;
import dev.nunchi.infer.RandomAdapter;
import dev.nunchi.model.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Model directories with something wrong in their files, opened with a heap of 256 MB: each
/// answers as before, or is refused by name. Half of them say so in their manifest, so that no
/// digest stands before what reads them.
///
/// ONNX Runtime is not ours and can end the process; that is found here and cannot be caught.
class ModelFileFuzzTest {
  private static final Fuzz FILES = new Fuzz("files", 150);
  private static final long MINUTES = Math.max(5, FILES.count() / 100);

  @TempDir Path temporary;

  @Test
  @Timeout(value = 600, unit = TimeUnit.MINUTES)
  void open_somethingWrong_answersAsBeforeOrIsRefusedByName() throws Exception {
    Path whole = temporary.resolve("whole");
    WholeInputs.make(whole);
    RandomAdapter adapter = RandomAdapter.of(3, 8, "query", "value");
    adapter.write(whole.resolve("adapter"));
    RandomAdapter.exportBase(whole.resolve("adapter"), whole.resolve("base"), Precision.FP32);
    Path work = Files.createDirectory(temporary.resolve("work"));
    List<String> wrong = new ArrayList<>();
    long last = FILES.first() + FILES.count() - 1;
    for (long seed = FILES.first(); seed <= last; ) {
      Process process = process(whole, work, seed, last);
      if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
        process.destroyForcibly().waitFor();
      }
      if (process.exitValue() == 0) {
        break;
      }
      String now = Files.readString(work.resolve(ModelFileCases.NOW));
      wrong.add(
          "seed %s: ended the process with %d%n%s".formatted(now, process.exitValue(), said(work)));
      seed = Long.parseLong(now.substring(0, now.indexOf(':'))) + 1;
    }
    try (Stream<Path> files = Files.list(work)) {
      for (Path file :
          files
              .filter(each -> each.getFileName().toString().startsWith(ModelFileCases.WRONG))
              .sorted()
              .toList()) {
        wrong.add(Files.readString(file));
      }
    }
    assertTrue(
        wrong.isEmpty(),
        () ->
            "\n%s%n%d in all; mvn test -Dtest=ModelFileFuzzTest -Dfuzz.first=SEED -Dfuzz.files=1"
                .formatted(String.join("\n", wrong), wrong.size()));
  }

  private static Process process(Path whole, Path work, long first, long last) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-XX:-CreateCoredumpOnCrash",
            "-XX:ErrorFile=" + work.resolve("crash.log"),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            ModelFileCases.class.getName(),
            whole.toString(),
            work.toString(),
            Long.toString(first),
            Long.toString(last))
        .redirectErrorStream(true)
        .redirectOutput(work.resolve("said").toFile())
        .start();
  }

  /// The end of what the process said.
  private static String said(Path work) throws IOException {
    String said = Files.readString(work.resolve("said"));
    return said.substring(Math.max(0, said.length() - 1_500));
  }
}
