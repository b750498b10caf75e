package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The files are compared with those that TensorBoard's own writer made of the same events; see
/// `generate_events.py`.
class TensorBoardLogTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_700_000_000, 250_000_000);

  @TempDir private Path directory;

  @Test
  void log_newRun_writesTheBytesOfTensorBoardsWriter() throws IOException {
    TensorBoardLog log = log();
    for (long step = 1; step <= 5; step++) {
      log.stepped(Steps.step(step, step / 8.0));
    }
    log.evaluated(5, Steps.evaluation(), true);
    assertArrayEquals(expected("new"), Files.readAllBytes(files().getFirst()));
  }

  @Test
  void log_resumedRun_beginsAFileThatVoidsTheStepsThatComeAgain() throws IOException {
    log().stepped(Steps.step(4, 0.5));
    TensorBoardLog log = log();
    log.resumed(Path.of("checkpoint-3"), 3);
    log.stepped(Steps.step(4, 0.25));
    assertEquals(2, files().size());
    assertArrayEquals(expected("resumed"), Files.readAllBytes(files().getLast()));
  }

  @Test
  void log_secondFileOfASecond_isNamedToComeAfterTheFirst() throws IOException {
    log().stepped(Steps.step(4, 0.5));
    log().stepped(Steps.step(4, 0.5));
    List<String> names = files().stream().map(file -> file.getFileName().toString()).toList();
    assertTrue(
        names.get(0).matches("events\\.out\\.tfevents\\.1700000000\\.[A-Za-z0-9.-]+\\.0"),
        names.get(0));
    assertTrue(names.get(1).endsWith(".1"), names.get(1));
  }

  @Test
  void log_nothingLogged_leavesNoFile() {
    log().stepped(Steps.step(1, 0.5));
    assertTrue(Files.notExists(directory.resolve("runs")));
  }

  @Test
  void append_hostWithOtherCharacters_givesAPlainName() {
    EventFile file = EventFile.in(directory, "방/의 host", 0, InstantSource.fixed(NOW));
    assertEquals(directory.resolve("events.out.tfevents.1700000000.----host.0"), file.path());
  }

  @Test
  void append_fileThatIsGone_beginsItAgainWithItsHeader() throws IOException {
    EventFile file = EventFile.in(directory, "host", 0, InstantSource.fixed(NOW));
    file.append(1, Map.of("train/loss", 0.5));
    byte[] first = Files.readAllBytes(file.path());
    Files.delete(file.path());
    file.append(1, Map.of("train/loss", 0.5));
    assertArrayEquals(first, Files.readAllBytes(file.path()));
  }

  @Test
  void log_directoryThatCannotBeMade_isNamed() throws IOException {
    Files.writeString(directory.resolve("runs"), "in the way");
    NunchiException failure =
        assertThrows(NunchiException.class, () -> log().stepped(Steps.step(2, 0.5)));
    assertEquals(Reason.IO_FAILURE, failure.reason());
    assertTrue(
        failure.getMessage().startsWith(directory.resolve("runs") + "/events.out.tfevents."),
        failure.getMessage());
  }

  private TensorBoardLog log() {
    return new TensorBoardLog(directory, 2, InstantSource.fixed(NOW));
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("runs"))) {
      return files.sorted().toList();
    }
  }

  private static byte[] expected(String name) throws IOException {
    try (InputStream in = TensorBoardLogTest.class.getResourceAsStream(name + ".tfevents")) {
      return Objects.requireNonNull(in).readAllBytes();
    }
  }
}
