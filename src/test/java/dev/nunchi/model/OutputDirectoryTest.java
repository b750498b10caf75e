package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.model.OutputDirectory.Existing;
import dev.nunchi.nn.RandomWeights;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.text.Normalization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputDirectoryTest {
  private static final LabelSet LABELS = LabelSet.of("부정", "긍정");

  @TempDir private Path temporary;

  @Test
  void commit_newDirectory_holdsTheModelAlone() throws IOException {
    Path output = temporary.resolve("new/model");
    write(output, Existing.KEEP, 1);
    assertEquals(
        List.of(
            "README.md",
            "config.json",
            "model.safetensors",
            "nunchi.json",
            "tokenizer.json",
            "tokenizer_config.json"),
        names(output));
  }

  @Test
  void commit_overAModel_replacesWhatItsManifestNamesAndNothingElse() throws IOException {
    Path output = temporary.resolve("model");
    write(output, Existing.KEEP, 1);
    for (String name : List.of("diary.txt", "other.safetensors", ".DS_Store", "notes.md")) {
      Files.writeString(output.resolve(name), "mine");
    }
    List<String> before = names(output);
    write(output, Existing.REPLACE, 2);
    assertEquals(before, names(output));
    assertEquals("# 2\n", Files.readString(output.resolve("README.md")));
    assertEquals("mine", Files.readString(output.resolve("other.safetensors")));
  }

  @Test
  void require_modelWithoutLeave_isRefused() {
    Path output = temporary.resolve("model");
    write(output, Existing.KEEP, 1);
    assertRefused(output, Existing.KEEP, " holds a model; --overwrite replaces it");
  }

  @Test
  void require_cardThatWasEdited_isRefusedByName() throws IOException {
    Path output = temporary.resolve("model");
    write(output, Existing.KEEP, 1);
    Files.writeString(output.resolve("README.md"), "my own card");
    assertRefused(output, Existing.REPLACE, "README.md was changed since nunchi wrote it");
    CheckpointDirectory.open(output).close();
  }

  @Test
  void require_filesOfOthersInTheWay_areRefusedByName() throws IOException {
    for (String name :
        List.of("config.json", "README.md", "pytorch_model.bin", "vocab.txt", "nunchi.json")) {
      Path output = Files.createDirectory(temporary.resolve("with-" + name));
      Files.writeString(output.resolve(name), "{}");
      assertRefused(output, Existing.REPLACE, name + " was not written by nunchi");
    }
  }

  @Test
  void require_manifestOfANewerFormat_isRefused() throws IOException {
    Path output = temporary.resolve("model");
    write(output, Existing.KEEP, 1);
    CopiedDirectory.edit(output.resolve("nunchi.json"), json -> json.put("format_version", 9));
    assertRefused(output, Existing.REPLACE, " was not written by nunchi");
  }

  @Test
  void require_fileOrLinkToNothingOrPlaceBelowAFile_isRefused() throws IOException {
    Path file = Files.writeString(temporary.resolve("file"), "mine");
    assertRefused(file, Existing.REPLACE, "file is no directory");
    assertRefused(file.resolve("model"), Existing.REPLACE, "file is no directory");
    Path link = Files.createSymbolicLink(temporary.resolve("link"), temporary.resolve("gone"));
    assertRefused(link, Existing.REPLACE, "link is a link to nothing");
  }

  @Test
  void open_linkToADirectory_writesWhereItPointsAndStaysALink() throws IOException {
    Path real = Files.createDirectory(temporary.resolve("real"));
    Path link = Files.createSymbolicLink(temporary.resolve("link"), real);
    write(link, Existing.KEEP, 1);
    assertTrue(Files.isSymbolicLink(link));
    assertTrue(ManifestFile.read(real).isPresent());
  }

  @Test
  void open_heldByAnother_isRefusedAlsoToLookAt() {
    Path output = temporary.resolve("model");
    try (OutputDirectory held = OutputDirectory.open(output, Existing.KEEP)) {
      assertEquals(output, held.path());
      assertRefused(output, Existing.KEEP, "that runs now");
      assertThrows(
          NunchiException.class, () -> OutputDirectory.open(output, Existing.REPLACE).close());
    }
    assertFalse(Files.exists(output), "nothing was written");
  }

  @Test
  void close_withoutCommit_leavesNothing() throws IOException {
    Path output = temporary.resolve("a/b/model");
    try (OutputDirectory directory = OutputDirectory.open(output, Existing.KEEP);
        StagedDirectory staged = directory.stage()) {
      contents(1).write(staged.path());
    }
    assertEquals(List.of(), names(temporary));
  }

  @Test
  void open_leftoversOfSiblingsAndUsers_stay() throws IOException {
    for (String name : List.of(".staged-model-small-7", ".nunchi-staged-model-8", "model-small")) {
      Files.createDirectory(temporary.resolve(name));
      Files.writeString(temporary.resolve(name).resolve("weights"), "mine");
    }
    List<String> before = names(temporary);
    OutputDirectory.open(temporary.resolve("model"), Existing.KEEP).close();
    assertEquals(before, names(temporary));
  }

  @Test
  void isInside_throughLinksAndMissingEnds_isSeen() throws IOException {
    Path base = Files.createDirectory(temporary.resolve("base"));
    Path link = Files.createSymbolicLink(temporary.resolve("link"), base);
    assertTrue(OutputDirectory.isInside(link, base));
    assertTrue(OutputDirectory.isInside(link.resolve("new/deep"), base));
    assertTrue(OutputDirectory.isInside(base.resolve("../link"), base));
    assertFalse(OutputDirectory.isInside(temporary.resolve("base-small"), base));
    assertFalse(OutputDirectory.isInside(temporary, base));
  }

  @Test
  void requireApart_outputThatHoldsAFileOfASource_isRefusedNamingTheSource() throws IOException {
    Path weights = Files.createDirectory(temporary.resolve("weights"));
    Files.writeString(weights.resolve("model.onnx.data"), "weights");
    Path source = Files.createDirectory(temporary.resolve("source"));
    Files.createSymbolicLink(
        source.resolve("weights.onnx.data"), Path.of("../weights/model.onnx.data"));
    Files.createSymbolicLink(source.resolve("dead.onnx.data"), Path.of("../gone/model.onnx.data"));
    Path other = Files.createDirectory(temporary.resolve("other"));
    Path link = Files.createSymbolicLink(temporary.resolve("link"), source);
    Path missing = temporary.resolve("missing");
    for (Path output : List.of(source, link, weights)) {
      NunchiException refused =
          assertThrows(
              NunchiException.class,
              () -> OutputDirectory.requireApart(output, List.of(missing, other, source)));
      assertEquals(Reason.INVALID_ARGUMENT, refused.reason());
      assertTrue(
          refused
              .getMessage()
              .startsWith("The output %s holds files of the model %s ".formatted(output, source)),
          refused.getMessage());
    }
    for (Path output : List.of(missing, other, temporary, source.resolve("new"))) {
      OutputDirectory.requireApart(output, List.of(missing, source));
    }
  }

  private static void assertRefused(Path output, Existing existing, String sentence) {
    NunchiException refused =
        assertThrows(NunchiException.class, () -> OutputDirectory.require(output, existing));
    assertEquals(Reason.INVALID_ARGUMENT, refused.reason());
    assertTrue(refused.getMessage().contains(sentence), refused.getMessage());
  }

  private static void write(Path output, Existing existing, long seed) {
    try (OutputDirectory directory = OutputDirectory.open(output, existing);
        StagedDirectory staged = directory.stage()) {
      contents(seed).write(staged.path());
      assertEquals(List.of(), staged.commit());
    }
  }

  private static CheckpointContents contents(long seed) {
    try (CheckpointDirectory base =
        CheckpointDirectory.open(
            TinyCheckpoint.BERT.path(),
            LABELS,
            CheckpointDirectory.Order.AS_WANTED,
            ProblemType.SINGLE_LABEL_CLASSIFICATION)) {
      return new CheckpointContents(
          base.config(),
          LABELS,
          ProblemType.SINGLE_LABEL_CLASSIFICATION,
          RandomWeights.of(base.network().parameters(), seed).byName(),
          base.path(),
          Manifest.of(
              "tiny", LABELS, ProblemType.SINGLE_LABEL_CLASSIFICATION, Normalization.STANDARD, 24),
          Map.of("README.md", "# " + seed + "\n"),
          null);
    }
  }

  private static List<String> names(Path directory) throws IOException {
    return CopiedDirectory.entries(directory).stream()
        .map(entry -> entry.getFileName().toString())
        .toList();
  }
}
