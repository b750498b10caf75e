package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.RandomWeights;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.nn.Weight;
import dev.nunchi.text.Normalization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointContentsTest {
  private static final LabelSet LABELS =
      new LabelSet(List.of(Label.of("부정", -1), Label.of("긍정", 1)));

  @TempDir Path temporary;

  @Test
  void write_thenOpen_givesTheSameClassifier() {
    Path directory = temporary.resolve("new/model");
    RandomWeights weights = write(directory, manifest());
    try (CheckpointDirectory written = CheckpointDirectory.open(directory)) {
      written.requireComplete();
      assertEquals(LABELS, written.labels());
      assertEquals(ProblemType.SINGLE_LABEL_CLASSIFICATION, written.problemType());
      for (String name : weights.names()) {
        assertArrayEquals(
            FloatWeights.floats(weights.get(name)),
            FloatWeights.floats(written.weights().get(name)));
      }
    }
  }

  @Test
  void write_configuration_keepsItsKeysAndNamesTheClass() {
    Path directory = temporary.resolve("model");
    write(directory, manifest());
    try (CheckpointDirectory written = CheckpointDirectory.open(directory)) {
      assertEquals("5.18.0", written.config().get("transformers_version").textValue());
      assertEquals(
          "[\"BertForSequenceClassification\"]", written.config().get("architectures").toString());
      assertEquals("float32", written.config().get("dtype").textValue());
      assertEquals("{\"0\":\"부정\",\"1\":\"긍정\"}", written.config().get("id2label").toString());
      assertEquals("{\"부정\":0,\"긍정\":1}", written.config().get("label2id").toString());
      assertFalse(written.config().has("num_labels"));
    }
  }

  @Test
  void write_manifest_hasRevisionAndDigestsFilledIn() throws IOException {
    Path directory = temporary.resolve("model");
    write(directory, manifest());
    Manifest manifest = ManifestFile.read(directory).orElseThrow();
    String digest = Digests.sha256(directory.resolve("model.safetensors"));
    assertEquals("sha256:" + digest, manifest.proof().revision());
    assertEquals(digest, manifest.proof().files().get("model.safetensors"));
    assertEquals(
        List.of("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"),
        List.copyOf(manifest.proof().files().keySet()));
    assertEquals("# tiny\n", Files.readString(directory.resolve("README.md")));
    assertEquals(
        Map.of("README.md", Digests.sha256(directory.resolve("README.md"))),
        manifest.proof().documents());
  }

  @Test
  void open_editedDocument_leavesTheModelValid() throws IOException {
    Path directory = temporary.resolve("model");
    write(directory, manifest());
    Files.writeString(directory.resolve("README.md"), "# mine\n");
    try (CheckpointDirectory edited = CheckpointDirectory.open(directory)) {
      assertTrue(edited.manifest().isPresent());
    }
  }

  @Test
  void write_missingWeight_leavesNothingBehind() throws IOException {
    Path directory = temporary.resolve("model");
    Map<String, Weight> weights = weights().byName();
    weights.remove("classifier.bias");
    CheckpointContents contents = contents(weights, manifest());
    assertThrows(IllegalArgumentException.class, () -> contents.write(directory));
    assertEquals(List.of(), CopiedDirectory.entries(temporary));
  }

  @Test
  void open_tamperedFile_isRefusedNamingIt() throws IOException {
    Path directory = temporary.resolve("model");
    write(directory, manifest());
    Files.writeString(directory.resolve("tokenizer.json"), "{}");
    assertRefused(directory, "tokenizer.json is not the file that nunchi.json lists");
  }

  @Test
  void open_listedFileMissing_isRefusedNamingIt() throws IOException {
    Path directory = temporary.resolve("model");
    write(directory, manifest());
    Files.delete(directory.resolve("tokenizer_config.json"));
    assertRefused(directory, "tokenizer_config.json is missing");
  }

  @Test
  void open_manifestOfOtherLabels_isRefused() throws IOException {
    Path directory = temporary.resolve("model");
    write(directory, manifest());
    CopiedDirectory.edit(
        directory.resolve("nunchi.json"),
        json -> ((ObjectNode) json.at("/labels/0")).put("name", "중립"));
    assertRefused(directory, "labels is [중립, 긍정], but id2label of config.json is [부정, 긍정]");
  }

  @Test
  void open_manifestOfOtherProblemType_isRefused() throws IOException {
    Path directory = temporary.resolve("model");
    write(directory, manifest());
    CopiedDirectory.edit(
        directory.resolve("nunchi.json"),
        json -> json.put("problem_type", "multi_label_classification"));
    assertRefused(directory, "problem_type is multi_label_classification, but problem_type of");
  }

  @Test
  void open_manifestLongerThanThePositions_isRefused() throws IOException {
    Path directory = temporary.resolve("model");
    write(directory, manifest());
    CopiedDirectory.edit(directory.resolve("nunchi.json"), json -> json.put("max_length", 25));
    assertRefused(directory, "max_length is 25, but max_position_embeddings of config.json is 24");
  }

  private static void assertRefused(Path directory, String fault) {
    NunchiException e =
        assertThrows(NunchiException.class, () -> CheckpointDirectory.open(directory));
    assertEquals(Reason.INVALID_MODEL, e.reason());
    assertTrue(e.getMessage().contains(fault), e.getMessage());
  }

  private static RandomWeights write(Path directory, Manifest manifest) {
    RandomWeights weights = weights();
    contents(weights.byName(), manifest).write(directory);
    return weights;
  }

  private static CheckpointContents contents(Map<String, Weight> weights, Manifest manifest) {
    try (CheckpointDirectory base = CheckpointDirectory.open(TinyCheckpoint.BERT.path())) {
      return new CheckpointContents(
          base.config(),
          LABELS,
          ProblemType.SINGLE_LABEL_CLASSIFICATION,
          weights,
          base.path(),
          manifest,
          Map.of("README.md", "# tiny\n"),
          null);
    }
  }

  private static RandomWeights weights() {
    try (CheckpointDirectory base =
        CheckpointDirectory.open(
            TinyCheckpoint.BERT.path(),
            LABELS,
            CheckpointDirectory.Order.AS_WANTED,
            ProblemType.SINGLE_LABEL_CLASSIFICATION)) {
      Network network = base.network();
      return RandomWeights.of(network.parameters(), 7);
    }
  }

  private static Manifest manifest() {
    return Manifest.of(
        "tiny", LABELS, ProblemType.SINGLE_LABEL_CLASSIFICATION, Normalization.STANDARD, 24);
  }
}
