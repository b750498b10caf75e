package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.faults.Fuzz;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.RandomAdapter;
import dev.nunchi.infer.SharedBases;
import dev.nunchi.model.Precision;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
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
  private static final Fuzz FILES = new Fuzz("files", 80);

  /// For one directory.
  private static final Duration LONGEST = Duration.ofSeconds(60);

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
      while (!process.waitFor(1, TimeUnit.SECONDS)) {
        if (isStuck(work.resolve(ModelFileCases.NOW))) {
          process.destroyForcibly().waitFor();
        }
      }
      if (process.exitValue() == 0) {
        break;
      }
      String now = Files.readString(work.resolve(ModelFileCases.NOW));
      wrong.add(
          "seed %s: ended the process with %d (137: has not ended after a minute)%n%s"
              .formatted(now, process.exitValue(), said(work)));
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

  /// Its tensors have another name than the layers of its base.
  @Test
  void open_adapterOfALayerThatTheBaseLacks_isRefusedByName() throws IOException {
    Path adapter = RandomAdapter.of(3, 8, "query").write(temporary.resolve("adapter"));
    Path base = RandomAdapter.exportBase(adapter, temporary.resolve("base"), Precision.FP32);
    Path weights = adapter.resolve("adapter_model.safetensors");
    Files.writeString(
        weights,
        Files.readString(weights, StandardCharsets.ISO_8859_1)
            .replace("layer.0.attention.self.query", "layer.0.attention.self.quory"),
        StandardCharsets.ISO_8859_1);
    WholeInputs.sign(adapter);
    try (SharedBases bases = SharedBases.open(List.of(base), LoadOptions.DEFAULT)) {
      NunchiException refused = assertThrows(NunchiException.class, () -> bases.load(adapter));
      assertEquals(Reason.INVALID_MODEL, refused.reason());
      assertTrue(refused.getMessage().contains("quory"), refused.getMessage());
    }
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

  /// Whether the process has been at one directory for too long.
  private static boolean isStuck(Path now) throws IOException {
    return Files.exists(now)
        && Files.getLastModifiedTime(now).toInstant().isBefore(Instant.now().minus(LONGEST));
  }

  /// The end of what the process said.
  private static String said(Path work) throws IOException {
    String said = Files.readString(work.resolve("said"));
    return said.substring(Math.max(0, said.length() - 1_500));
  }
}
