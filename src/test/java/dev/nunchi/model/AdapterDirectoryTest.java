package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.Lora;
import dev.nunchi.nn.Modules;
import dev.nunchi.nn.TinyAdapter;
import dev.nunchi.nn.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Adapters of PEFT and what is refused of them; what they answer is for `LoraTest`.
class AdapterDirectoryTest {
  private static final String QUERY_A =
      "base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.weight";
  private static final String HEAD = "base_model.model.classifier.weight";

  @TempDir private Path temporary;
  private Path adapter = Path.of("");

  @BeforeEach
  void copy() throws IOException {
    adapter =
        CopiedDirectory.of(TinyAdapter.BERT_USUAL.path(), temporary.resolve("adapters/usual"));
    config(json ->
        json.put("base_model_name_or_path", TinyAdapter.BERT_USUAL.checkpoint().path().toString()));
  }

  @ParameterizedTest
  @EnumSource
  void lora_ofEveryAdapter_isThatOfItsFile(TinyAdapter tiny) throws IOException {
    try (CheckpointDirectory apart = CheckpointDirectory.openApart(tiny.path(), BaseModels.NONE)) {
      Lora lora = apart.lora().orElseThrow();
      // What is written again and read is the same adapter.
      ObjectNode written =
          AdapterConfig.written(lora, apart.network().adapted(lora), apart.base().orElseThrow());
      Lora again = new AdapterConfig(Path.of("adapter_config.json"), written).lora();
      assertEquals(
          apart.network().adapted(lora).adapters(), apart.network().adapted(again).adapters());
      JsonNode read =
          new ObjectMapper().readTree(tiny.path().resolve("adapter_config.json").toFile());
      for (String key : List.of("r", "lora_alpha", "lora_dropout", "use_dora", "use_rslora")) {
        assertEquals(read.get(key), written.get(key), key);
      }
    }
  }

  @Test
  void lora_layersChosenByTheirNumbers_areNamed() {
    try (CheckpointDirectory apart =
        CheckpointDirectory.openApart(TinyAdapter.ELECTRA_LAYERS.path(), BaseModels.NONE)) {
      assertEquals(
          Optional.of(
              new Modules.Named(
                  List.of(
                      "electra.encoder.layer.1.attention.output.dense",
                      "electra.encoder.layer.1.attention.self.query",
                      "electra.encoder.layer.1.intermediate.dense",
                      "electra.encoder.layer.1.output.dense"))),
          apart.lora().orElseThrow().targets());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "peft_type|\"IA3\"|peft_type \"IA3\"",
        "lora_bias|true|lora_bias true",
        "bias|\"all\"|bias \"all\"",
        "fan_in_fan_out|true|fan_in_fan_out true",
        "target_parameters|[\"experts.weight\"]|target_parameters",
        "trainable_token_indices|[3]|trainable_token_indices",
        "layer_replication|[[0, 2]]|layer_replication",
        "use_qalora|true|use_qalora",
        "init_lora_weights|\"pissa_niter_4\"|it takes away from the base",
        "use_dora|true|lora_magnitude_vector is missing",
        "use_dora|\"no\"|use_dora should be true or false",
        "r|2|should have the shape [2, 32]",
        "r|0|r should be a whole number of at least 1",
        "lora_alpha|\"x\"|lora_alpha should be a number",
        "lora_dropout|2|lora_dropout should be a number in [0, 1)",
        "target_modules|3|target_modules should be a list of names",
        "target_modules|\"(\"|target_modules has '(', which is no regular expression",
        "rank_pattern|[]|rank_pattern should be an object",
        "base_model_name_or_path|null|base_model_name_or_path should be the name",
        "base_model_name_or_path|\"klue/bert-base\"|'nunchi models pull klue/bert-base'",
        "base_model_name_or_path|\"/nowhere/bert\"|/nowhere/bert, which is not here",
      })
  void open_settingThatIsNotRead_isRefusedByName(String key, String value, String sentence)
      throws IOException {
    JsonNode json = new ObjectMapper().readTree(value);
    config(config -> config.set(key, json));
    assertRefused(sentence);
  }

  @Test
  void open_keysThatChangeNothing_arePassedOver() throws IOException {
    config(config ->
        config
            .put("of_next_year", 3)
            .put("init_lora_weights", "gaussian")
            .put("use_qalora", false));
    CheckpointDirectory.open(adapter).close();
  }

  @Test
  void open_withoutAHead_isRefused() throws IOException {
    tensors(tensors -> tensors.remove(HEAD));
    assertRefused("the adapter holds no tensor of a head (%s)".formatted(HEAD));
  }

  @Test
  void open_tensorsThatDoNotFit_areNamed() throws IOException {
    tensors(tensors -> tensors.remove(QUERY_A));
    assertRefused("tensor %s is missing".formatted(QUERY_A));
    tensors(tensors -> {
      Weight head = Objects.requireNonNull(tensors.get(HEAD));
      tensors.put(QUERY_A, head);
    });
    assertRefused("tensor %s should have the shape [4, 32]".formatted(QUERY_A));
    tensors(tensors -> {
      Weight weight = Objects.requireNonNull(tensors.remove(QUERY_A));
      tensors.put("base_model.model.bert.embeddings.word_embeddings.lora_embedding_A", weight);
    });
    assertRefused(
        "word_embeddings.lora_embedding_A of the adapter belongs to nothing in a bert network");
  }

  @Test
  void open_noWeights_areMissed() throws IOException {
    Files.delete(adapter.resolve("adapter_model.safetensors"));
    assertRefused("adapter_model.safetensors is missing");
    Files.writeString(
        adapter.resolve("adapter_model.safetensors"),
        "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n");
    assertRefused("a pointer of Git LFS");
  }

  @Test
  void open_baseUnderItsNameInACache_isFoundThere() throws IOException {
    config(config -> config.put("base_model_name_or_path", "team/tiny").put("revision", "v1"));
    try (CheckpointDirectory opened =
        CheckpointDirectory.open(
            adapter,
            name ->
                name.equals("team/tiny@v1")
                    ? Optional.of(TinyAdapter.BERT_USUAL.checkpoint().path())
                    : Optional.empty())) {
      opened.requireComplete();
    }
  }

  @Test
  void open_baseFromAnotherMachine_isFoundBesideTheAdapter() throws IOException {
    CopiedDirectory.of(
        TinyAdapter.BERT_USUAL.checkpoint().path(), temporary.resolve("adapters/tiny"));
    config(config -> config.put("base_model_name_or_path", "/home/somebody/models/tiny"));
    CheckpointDirectory.open(adapter).close();
  }

  @Test
  void open_baseThatIsAnAdapter_isRefused() throws IOException {
    config(config ->
        config.put("base_model_name_or_path", TinyAdapter.BERT_OLD_NAMES.path().toString()));
    assertRefused("is an adapter itself; merge it into its own base first");
  }

  /// As of the directory that a training wrote; PEFT's own say nothing of it.
  @Test
  void open_otherBaseThanItWasTrainedOn_isRefused() throws IOException {
    Path written = temporary.resolve("written");
    try (CheckpointDirectory apart = CheckpointDirectory.openApart(adapter, BaseModels.NONE)) {
      write(apart, written);
    }
    CheckpointDirectory.open(written).close();
    Path other =
        CopiedDirectory.of(
            TinyAdapter.ROBERTA_PATTERNS.checkpoint().path(), temporary.resolve("other"));
    NunchiException refused =
        assertThrows(NunchiException.class, () -> CheckpointDirectory.open(written, other));
    assertTrue(
        refused.getMessage().contains("was trained on other weights than those of " + other),
        refused.getMessage());
  }

  @Test
  void write_adapter_isReadAgainWithTheSameTensorsAndLabels() throws IOException {
    Path written = temporary.resolve("written");
    try (CheckpointDirectory apart = CheckpointDirectory.openApart(adapter, BaseModels.NONE)) {
      write(apart, written);
      try (CheckpointDirectory again = CheckpointDirectory.openApart(written, BaseModels.NONE)) {
        assertEquals(apart.labels().names(), again.labels().names());
        for (String name : apart.weights().names()) {
          assertEquals(
              -1,
              apart.weights().get(name).data().mismatch(again.weights().get(name).data()),
              name);
        }
      }
    }
    // transformers would take the directory for a whole model.
    assertTrue(Files.notExists(written.resolve("config.json")));
  }

  private static void write(CheckpointDirectory apart, Path directory) {
    Map<String, Weight> trained = new LinkedHashMap<>();
    Lora lora = apart.lora().orElseThrow();
    apart.network().adapted(lora).parameters().stream()
        .filter(apart.network().adapted(lora)::trains)
        .forEach(each -> trained.put(each.name(), apart.weights().get(each.name())));
    AdapterBase base = apart.base().orElseThrow();
    Manifest manifest = apart.description();
    new CheckpointContents(
            apart.config(),
            apart.labels(),
            apart.problemType(),
            trained,
            apart.tokenizerDirectory(),
            manifest.withOrigin(
                new Manifest.Origin(
                    Map.of(),
                    Map.of(Provenance.BASE_DIGEST, base.digest().orElseThrow()),
                    List.of())),
            Map.of(),
            new CheckpointContents.Adapter(lora, base),
            null)
        .write(directory);
  }

  private void config(Consumer<ObjectNode> change) throws IOException {
    CopiedDirectory.edit(adapter.resolve("adapter_config.json"), change);
  }

  private void tensors(Consumer<Map<String, Weight>> change) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      Path original = TinyAdapter.BERT_USUAL.path().resolve("adapter_model.safetensors");
      Map<String, Weight> tensors = new LinkedHashMap<>(SafetensorsFile.map(original, arena));
      change.accept(tensors);
      Files.delete(adapter.resolve("adapter_model.safetensors"));
      SafetensorsWriter.write(adapter.resolve("adapter_model.safetensors"), tensors);
    }
  }

  private void assertRefused(String sentence) {
    NunchiException refused =
        assertThrows(NunchiException.class, () -> CheckpointDirectory.open(adapter));
    assertTrue(
        refused.reason() == Reason.INVALID_MODEL || refused.reason() == Reason.UNSUPPORTED_MODEL,
        refused.toString());
    assertTrue(refused.getMessage().contains(sentence), refused.getMessage());
  }
}
