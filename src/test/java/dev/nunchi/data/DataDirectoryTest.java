package dev.nunchi.data;

import static dev.nunchi.data.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
    Files.createFile(path.resolve("train.tsv"));
    Files.createFile(path.resolve("test.json"));
    assertEquals(Optional.empty(), new DataDirectory(path).find("test"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"dev.tsv", "valid.csv", "val.jsonl", "Eval.TSV.GZ", "nsmc_dev.tsv", "dev.txt"})
  void find_otherNamesOfValidation_areIt(String name) throws IOException {
    Path file = Files.createFile(path.resolve(name));
    Files.createFile(path.resolve("train.tsv"));
    Files.createFile(path.resolve("test.tsv"));
    DataDirectory directory = new DataDirectory(path);
    assertEquals(Optional.of(file), directory.find("validation"));
    assertEquals(List.of(), directory.passedOver(List.of(directory.train(), file)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"unlabelled.tsv", "unlabeled.jsonl.gz", "nsmc_unlabelled.csv", "unlabelled.txt"})
  void find_textsWithoutLabels_areASplitOfTheirOwn(String name) throws IOException {
    Path file = Files.createFile(path.resolve(name));
    Path train = Files.createFile(path.resolve("train.tsv"));
    DataDirectory directory = new DataDirectory(path);
    assertEquals(Optional.of(file), directory.find("unlabelled"));
    assertEquals(train, directory.train());
    assertEquals(List.of(name), directory.passedOver(List.of(train)));
  }

  @Test
  void find_nsmcAsPublished_isKnownByTheEndOfItsNames() throws IOException {
    Path train = Files.createFile(path.resolve("ratings_train.txt"));
    Path test = Files.createFile(path.resolve("ratings_test.txt"));
    Files.createFile(path.resolve("ratings.txt"));
    assertEquals(train, new DataDirectory(path).train());
    assertEquals(test, new DataDirectory(path).test());
    Path own = Files.createFile(path.resolve("train.tsv"));
    assertEquals(own, new DataDirectory(path).train());
    assertEquals(List.of("ratings_train.txt"), new DataDirectory(path).passedOver(List.of(own)));
  }

  @Test
  void find_nameOfTheSplit_goesBeforeOthersWhichArePassedOver() throws IOException {
    Path validation = Files.createFile(path.resolve("validation.tsv"));
    for (String name : List.of("dev.tsv", "train2.tsv", "extra.json", "a.xlsx", "readme.txt")) {
      Files.createFile(path.resolve(name));
    }
    DataDirectory directory = new DataDirectory(path);
    assertEquals(Optional.of(validation), directory.find("validation"));
    assertEquals(
        List.of("a.xlsx", "dev.tsv", "extra.json", "train2.tsv"),
        directory.passedOver(List.of(validation)));
    assertRefused(
        Reason.IO_FAILURE,
        ".jsonl.gz, and found a.xlsx, dev.tsv, extra.json, train2.tsv",
        directory::train);
  }

  @Test
  void find_twoOtherNames_isRefused() throws IOException {
    Files.createFile(path.resolve("dev.tsv"));
    Files.createFile(path.resolve("val.tsv"));
    assertRefused(
        Reason.INVALID_DATA,
        "dev.tsv and val.tsv could both be the validation split",
        () -> new DataDirectory(path).find("validation"));
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
        "test.jsonl.gz and test.tsv could both be the test split",
        () -> new DataDirectory(path).find("test"));
  }

  @Test
  void new_notADirectory_isRefused() throws IOException {
    Path file = Files.createFile(path.resolve("train.tsv"));
    assertRefused(
        Reason.IO_FAILURE, "train.tsv: expected a directory", () -> new DataDirectory(file));
  }
}
