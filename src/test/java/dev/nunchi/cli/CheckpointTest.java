package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.model.BaseModels;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Truncation;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {
  @TempDir private Path directory;

  @Test
  void classify_finiteWeightsThatOverflow_namesTheDirectory() throws IOException {
    Path damaged = damaged();
    try (LoadedModel loaded = Checkpoint.load(damaged, LoadOptions.DEFAULT, BaseModels.NONE)) {
      Encoding encoding = loaded.classifier().encode("좋아요", Truncation.KEEP_HEAD);
      assertNamed(
          damaged,
          assertThrows(
              NunchiException.class, () -> loaded.classifier().classifyAll(List.of(encoding), 1)));
    }
  }

  @Test
  void probe_finiteWeightsThatOverflow_namesTheDirectory() throws IOException {
    Path damaged = damaged();
    assertNamed(
        damaged,
        assertThrows(NunchiException.class, () -> Checkpoint.probe(damaged, BaseModels.NONE)));
  }

  /// The libtorch of the tests is that for CPUs, whatever the machine has.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "classify --model MODEL 좋아요",
        "evaluate --model MODEL --data texts.tsv --output OUTPUT",
        "train --recipe ngrams --data texts --output OUTPUT",
        "train --recipe ngrams --data texts --output OUTPUT --set device=cuda"
      })
  void device_cudaInABuildForCpus_isRefusedInOneSentenceBeforeAnythingIsRead(String command) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String words =
        command
            .replace("MODEL", TinyCheckpoint.BERT.path().toString())
            .replace("OUTPUT", directory.resolve("output").toString());
    String device = command.contains("device=") ? "" : " --device cuda";
    assertEquals(1, InProcess.run(out, err, (Object[]) (words + device).split(" ")), err::toString);
    assertEquals("", out.toString());
    assertEquals(1, err.toString().lines().count(), err.toString());
    assertTrue(
        err.toString().contains("CUDA cannot be used (this build has libtorch for CPUs); "),
        err.toString());
    assertFalse(Files.exists(directory.resolve("output")));
  }

  private static void assertNamed(Path damaged, NunchiException refusal) {
    assertEquals(Reason.FAILED_CHECK, refusal.reason());
    assertTrue(
        refusal.getMessage().startsWith("The model " + damaged + " computes "),
        refusal.getMessage());
  }

  /// A checkpoint whose weights are numbers, each by itself.
  private Path damaged() throws IOException {
    Path damaged = Files.createDirectory(directory.resolve("damaged"));
    try (Stream<Path> files = Files.list(TinyCheckpoint.BERT.path())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, damaged.resolve(file.getFileName()));
      }
    }
    Path weights = damaged.resolve("model.safetensors");
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(weights)).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 8 + (int) bytes.getLong(0); at < bytes.limit(); at += Float.BYTES) {
      bytes.putFloat(at, at % 8 == 0 ? Float.MAX_VALUE : -Float.MAX_VALUE);
    }
    Files.write(weights, bytes.array());
    try (CheckpointDirectory whole = CheckpointDirectory.open(damaged)) {
      whole.requireComplete();
    }
    return damaged;
  }
}
