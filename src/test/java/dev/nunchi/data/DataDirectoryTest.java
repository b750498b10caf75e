package dev.nunchi.data;

import static dev.nunchi.data.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DataDirectoryTest {
  @TempDir Path path;

  @ParameterizedTest
  @ValueSource(strings = {".tsv", ".tsv.gz", ".csv", ".csv.gz", ".jsonl", ".jsonl.gz"})
  void splits_everyEnding_areFound(String ending) throws IOException {
    for (String split : new String[] {"train", "validation", "test"}) {
      Files.createFile(path.resolve(split + ending));
    }
    DataDirectory directory = new DataDirectory(path);
    assertEquals(path.resolve("train" + ending), directory.train());
    assertEquals(path.resolve("validation" + ending), directory.validation());
    assertEquals(path.resolve("test" + ending), directory.test());
  }

  @Test
  void find_absent_isEmpty() throws IOException {
    Files.createFile(path.resolve("test.txt"));
    assertEquals(Optional.empty(), new DataDirectory(path).find("test"));
  }

  @Test
  void require_absent_listsWhatWasLookedFor() {
    assertRefused(
        Reason.IO_FAILURE,
        "no train split; looked for train with the endings"
            + " .tsv, .tsv.gz, .csv, .csv.gz, .jsonl, .jsonl.gz",
        () -> new DataDirectory(path).train());
  }

  @Test
  void find_twoCandidates_isRefused() throws IOException {
    Files.createFile(path.resolve("test.tsv"));
    Files.createFile(path.resolve("test.jsonl.gz"));
    assertRefused(
        Reason.INVALID_DATA,
        "test.tsv and test.jsonl.gz could both be the test split",
        () -> new DataDirectory(path).find("test"));
  }

  @Test
  void new_notADirectory_isRefused() throws IOException {
    Path file = Files.createFile(path.resolve("train.tsv"));
    assertRefused(
        Reason.IO_FAILURE, "train.tsv: expected a directory", () -> new DataDirectory(file));
  }
}
