package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.PackagedApplication;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What `train` says that it takes against the highest resident set of its process, which Linux
/// tells.
@EnabledOnOs(value = OS.LINUX, disabledReason = "/proc/PID/status tells the highest resident set")
class MemoryEstimateIT {
  private static final long PATIENCE_SECONDS = 300;
  private static final double SHARE = 0.25;
  private static final Pattern SAID = Pattern.compile("about ([\\d,]+) MB of memory");
  private static final Pattern HIGHEST = Pattern.compile("VmHWM:\\s*(\\d+) kB");

  private static final String WIDE_LAYERS =
      """
      tokenizer_vocab_size: 400
      max_length: 24
      model_config:
        model_type: bert
        hidden_size: 192
        num_hidden_layers: 4
        num_attention_heads: 4
        intermediate_size: 768
        max_position_embeddings: 24
        type_vocab_size: 1
      tokens_per_batch: 4096
      max_steps: 3
      threads: 1
      """;

  private static final String LARGE_TABLE =
      """
      tokenizer_type: characters
      max_length: 64
      model_config:
        model_type: ngram_linear
        ngram_buckets: 8000000
        ngram_max: 4
        max_position_embeddings: 64
      optim: adamw
      tokens_per_batch: 2048
      max_steps: 3
      threads: 1
      """;

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {WIDE_LAYERS, LARGE_TABLE})
  void train_memoryThatItSays_isWithinAQuarterOfItsPeak(String recipe) throws Exception {
    Path data = Files.createDirectory(directory.resolve("data"));
    Files.writeString(data.resolve("train.tsv"), Reviews.tsv(400, 1));
    Files.writeString(data.resolve("validation.tsv"), Reviews.tsv(100, 2));
    Path file = Files.writeString(directory.resolve("recipe.yaml"), recipe);
    ProcessBuilder train =
        PackagedApplication.training(
            "train", "--recipe=" + file, "--data=" + data, "--output=" + directory.resolve("made"));
    // As ./nunchi train has them.
    train
        .command()
        .addAll(
            1, List.of("-XX:+UseSerialGC", "-XX:MinHeapFreeRatio=10", "-XX:MaxHeapFreeRatio=30"));
    Path log = directory.resolve("log");
    Process run = train.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    double peak;
    try {
      peak = 1.024e-3 * highest(run);
    } finally {
      run.destroyForcibly();
    }
    assertEquals(0, run.exitValue(), Files.readString(log));
    Matcher said = SAID.matcher(Files.readString(log));
    assertTrue(said.find(), Files.readString(log));
    assertEquals(1, Double.parseDouble(said.group(1).replace(",", "")) / peak, SHARE, said.group());
  }

  /// The last that is told before the process ends, long after its largest step: kB.
  private static long highest(Process run) throws Exception {
    Path status = Path.of("/proc", Long.toString(run.pid()), "status");
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    long highest = 0;
    while (!run.waitFor(20, TimeUnit.MILLISECONDS)) {
      assertTrue(System.nanoTime() < end, "The training does not end");
      try {
        Matcher line = HIGHEST.matcher(Files.readString(status));
        // A process that has just ended still has a file, without this line.
        highest = line.find() ? Long.parseLong(line.group(1)) : highest;
      } catch (IOException _) {
        // It has ended.
      }
    }
    return highest;
  }
}
