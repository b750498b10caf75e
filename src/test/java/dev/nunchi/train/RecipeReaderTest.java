package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.Lora;
import dev.nunchi.nn.LowRank;
import dev.nunchi.nn.Modules;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecipeReaderTest {
  @TempDir private Path directory;

  @Test
  void read_builtInRecipes_areComplete() {
    for (String name : RecipeReader.builtIn()) {
      Recipe recipe = RecipeReader.read(name, Map.of());
      // Those for texts of the user's own leave the model its directory's name.
      boolean own = !name.matches("(nsmc|movie3|bert)-(stars|small|cnn)|e5-.*");
      assertEquals(own ? null : name, recipe.card().name());
    }
  }

  /// What the systems that these recipes follow have.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "nsmc-llama3|{model_name_or_path: meta-llama/Meta-Llama-3-8B, learning_rate: 2.0e-5,"
            + " per_device_train_batch_size: 16, num_train_epochs: 3, weight_decay: 0.01,"
            + " eval_strategy: epoch, save_strategy: epoch, load_best_model_at_end: true,"
            + " gradient_accumulation_steps: 1, lora: null}",
        "emotion4-gemma2-qlora|{model_name_or_path: google/gemma-2-2b-it, load_in_4bit: true,"
            + " labels: {무감정: 0, 슬픔: -1, 기쁨: 1, 분노: -1}, class_weights: {무감정: 0.2032,"
            + " 슬픔: 0.2704, 기쁨: 0.2529, 분노: 0.2735}, max_length: 128, learning_rate: 2.0e-4,"
            + " per_device_train_batch_size: 8, gradient_accumulation_steps: 2,"
            + " num_train_epochs: 4, optim: adamw_8bit, weight_decay: 0.01,"
            + " eval_strategy: steps, eval_steps: 500, metric_for_best_model: weighted_f1,"
            + " load_best_model_at_end: true}",
        "youtube3-gemma2-lora|{gradient_checkpointing: true, model_name_or_path:"
            + " rtzr/ko-gemma-2-9b-it, input_template: text_and_context, context_column: summary,"
            + " fp16: true, labels: {긍정: 1, 중립: 0, 부정: -1}}",
        "gemma3-270m-lora|{model_name_or_path: google/gemma-3-270m, labels: null}",
      })
  void read_recipeOfAGuide_hasItsValues(String name, String values) throws IOException {
    JsonNode keys = RecipeReader.read(name, Map.of()).keys();
    Recipe expected = RecipeReader.read(name, settings(values));
    assertEquals(expected.keys(), keys);
  }

  @ParameterizedTest
  @CsvSource({
    "emotion4-gemma2-qlora, 16, 32",
    "youtube3-gemma2-lora, 8, 16",
    "gemma3-270m-lora, 16, 32"
  })
  void read_recipeOfAGuideWithLora_hasItsAdapters(String name, int rank, double alpha) {
    Lora lora = Objects.requireNonNull(RecipeReader.read(name, Map.of()).lora()).settings();
    assertEquals(rank, lora.rank());
    assertEquals(alpha, lora.alpha());
    assertEquals(0.05, lora.dropout());
    assertEquals(
        Optional.of(
            new Modules.Named(
                List.of(
                    "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"))),
        lora.targets());
  }

  /// The keys of a map in YAML, each with its value in YAML.
  private static Map<String, String> settings(String map) throws IOException {
    Map<String, String> settings = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : new YAMLMapper().readTree(map).properties()) {
      settings.put(entry.getKey(), entry.getValue().toString());
    }
    return settings;
  }

  @Test
  void read_fileAndSettings_goBeforeDefaults() throws IOException {
    Path file = recipe("model_name_or_path: base\nlearning_rate: 3e-4\nseed: 7\n");
    Recipe recipe =
        RecipeReader.read(file.toString(), Map.of("seed", "8", "labels", "{bad: -1, good: 1}"));
    assertEquals(3e-4, recipe.optimization().learningRate());
    assertEquals(8, recipe.optimization().seed());
    assertEquals(Map.of("bad", -1.0, "good", 1.0), recipe.data().labels());
    assertEquals(Schedule.Type.LINEAR, recipe.optimization().lrSchedulerType());
    assertEquals(0.999, recipe.optimization().adamBeta2());
  }

  @ParameterizedTest
  @ValueSource(strings = {"adamw_8bit", "adamw_bnb_8bit"})
  void read_namesOfTheOptimiserWithEightBits_areAllUnderstood(String name) {
    assertEquals(
        Recipe.Optimizer.ADAMW_8BIT,
        RecipeReader.read("nsmc-small", Map.of("optim", name)).optimization().optim());
  }

  @Test
  void write_readAgain_isTheSameRecipe() throws IOException {
    Recipe recipe = RecipeReader.read("nsmc-stars", Map.of("bf16", "false"));
    Recipe again = RecipeReader.read(recipe(RecipeReader.write(recipe)).toString(), Map.of());
    assertEquals(recipe.optimization(), again.optimization());
    assertEquals(recipe.start(), again.start());
    assertEquals(recipe.data(), again.data());
  }

  @Test
  void write_textsThatLookLikeNumbers_areReadAgainAsTexts() throws IOException {
    Recipe recipe =
        RecipeReader.read("ngrams", Map.of("text_column", "'0'", "teacher", "'20261128'"));
    Recipe again = RecipeReader.read(recipe(RecipeReader.write(recipe)).toString(), Map.of());
    assertEquals(recipe.keys(), again.keys());
  }

  @Test
  void read_unknownKey_suggestsTheNearest() throws IOException {
    Path file = recipe("model_name_or_path: base\nlearnig_rate: 3e-4\n");
    NunchiException failure =
        assertThrows(NunchiException.class, () -> RecipeReader.read(file.toString(), Map.of()));
    assertEquals(Reason.INVALID_RECIPE, failure.reason());
    assertEquals(
        file + ": there is no key 'learnig_rate'; the nearest is 'learning_rate'",
        failure.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "learning_rate, -1",
    "learning_rate, 0",
    "max_steps, 0",
    "max_steps, -2",
    "learning_rate, fast",
    "warmup_ratio, 1",
    "bf16, perhaps",
    "seed, 1.5",
    "lr_scheduler_type, polynomial",
    "max_length, 2",
    "truncation, middle",
    "normalization, nfd",
    "num_train_epochs, 0",
    "tokens_per_batch, 0",
    "metric_for_best_model, beauty",
    "validation_share, 1.0",
    "seed, null",
    "word_dropout, 1",
    "noise_share, 1",
    "noise_share, -0.1",
    "layerwise_lr_decay, 0",
    "optim, sgd",
    "optim, null",
    "adagrad_epsilon, -1",
    "ema_decay, 1",
    "swa_epochs, -1",
    "freeze_layers, -1",
    "gradual_unfreezing, -0.5",
    "focal_loss_gamma, -1",
    "class_weights, many",
    "class_weights, '{부정: 0}'",
    "per_device_train_batch_size, 0",
    "eval_strategy, often",
    "save_total_limit, -1",
    "logging_steps, 0",
    "fp16, perhaps",
    "learning_rate, .inf",
    "learning_rate, .nan",
    "weight_decay, 1e999",
    "num_train_epochs, .inf",
    "threads, 2147483647",
    "teacher, ''",
    "distillation_temperature, 0",
    "distillation_temperature, .inf",
    "distillation_alpha, 0",
    "distillation_alpha, 1.1",
    "unlabelled_file, more.tsv",
    "config_overrides, 0.1"
  })
  void read_valueThatAKeyDoesNotTake_isRefusedByItsName(String key, String value) {
    NunchiException failure =
        assertThrows(
            NunchiException.class, () -> RecipeReader.read("nsmc-small", Map.of(key, value)));
    assertEquals(Reason.INVALID_RECIPE, failure.reason());
    assertTrue(failure.getMessage().contains(key), failure.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "optim, sgd, 'one of adamw, adamw_8bit, paged_adamw_8bit, adagrad, but is \"sgd\"'",
    "bf16, perhaps, 'true or false, but is \"perhaps\"'",
    "max_length, long, 'a whole number, but is \"long\"'",
    "learning_rate, fast, 'a number, but is \"fast\"'",
    "lr_scheduler_type, null, 'have a value, but is null'"
  })
  void read_valueOfTheWrongKind_saysWhatWasExpected(String key, String value, String expected) {
    NunchiException failure =
        assertThrows(
            NunchiException.class, () -> RecipeReader.read("nsmc-small", Map.of(key, value)));
    assertTrue(failure.getMessage().contains(expected), failure.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "per_device_train_batch_size: 32; tokens_per_batch: 4096",
    "group_by_length: false; per_device_train_batch_size: null",
    "eval_strategy: epoch; eval_steps: 200",
    "eval_strategy: steps; eval_steps: null",
    "save_strategy: 'no'; save_steps: 100",
    "load_best_model_at_end: true; eval_strategy: 'no'",
    "early_stopping_patience: 2; eval_strategy: 'no'; load_best_model_at_end: false",
    "greater_is_better: false; metric_for_best_model: accuracy",
    "metric_for_best_model: mae; problem_type: single_label_classification",
    "metric_for_best_model: accuracy; problem_type: regression",
    "class_weights: balanced; problem_type: regression",
    "label_smoothing_factor: 0.1; problem_type: regression",
    "fit_intercepts: true; problem_type: regression",
    "ema_decay: 0.9; swa_epochs: 2",
    "early_stopping_patience: 2; swa_epochs: 2",
    "warmup_ratio: 0.1; lr_scheduler_type: constant",
    "focal_loss_gamma: 2; label_smoothing_factor: 0.1",
    "layerwise_lr_decay: 0.9; optim: adagrad",
    "bf16: true; fp16: true"
  })
  void read_keysThatContradict_areRefusedByBothNames(String keys) throws IOException {
    List<String> lines = List.of(keys.split("; *"));
    Path file = recipe("model_name_or_path: base\n" + String.join("\n", lines) + "\n");
    NunchiException failure =
        assertThrows(NunchiException.class, () -> RecipeReader.read(file.toString(), Map.of()));
    assertEquals(Reason.INVALID_RECIPE, failure.reason());
    for (String line : lines.subList(0, 2)) {
      String key = line.substring(0, line.indexOf(':')).replace("warmup_ratio", "warm-up");
      assertTrue(failure.getMessage().contains(key), failure.getMessage());
    }
  }

  /// The names and defaults of PEFT's LoraConfig.
  @Test
  void read_lora_hasTheKeysOfPeft() throws IOException {
    Path file = recipe("model_name_or_path: base\nlora: {}\n");
    Recipe recipe = RecipeReader.read(file.toString(), Map.of());
    assertEquals(
        "{\"r\":8,\"lora_alpha\":8,\"lora_dropout\":0.0,\"target_modules\":null,"
            + "\"exclude_modules\":null,\"rank_pattern\":{},\"alpha_pattern\":{},"
            + "\"use_rslora\":false,\"use_dora\":false,\"modules_to_save\":[],\"bias\":\"none\"}",
        recipe.keys().get("lora").toString());
    assertNull(RecipeReader.read("nsmc-small", Map.of()).lora());
  }

  @Test
  void read_loraAndSettings_goBeforeItsDefaults() throws IOException {
    Path file =
        recipe(
            "model_name_or_path: base\nlora:\n  r: 16\n  target_modules: [q_proj, v_proj]\n"
                + "  rank_pattern: {q_proj: 4}\n");
    Recipe recipe =
        RecipeReader.read(
            file.toString(), Map.of("lora.lora_alpha", "32", "lora.use_dora", "true"));
    Lora lora = Objects.requireNonNull(recipe.lora()).settings();
    assertEquals(16, lora.rank());
    assertEquals(32, lora.alpha());
    assertTrue(lora.decomposed());
    assertEquals(Optional.of(new Modules.Named(List.of("q_proj", "v_proj"))), lora.targets());
    assertEquals(new LowRank(4, 8, true), lora.of("model.layers.0.self_attn.q_proj"));
    assertEquals(new LowRank(16, 2, true), lora.of("model.layers.0.self_attn.v_proj"));
    Recipe again = RecipeReader.read(recipe(RecipeReader.write(recipe)).toString(), Map.of());
    assertEquals(recipe.lora(), again.lora());
    assertEquals(
        Optional.of(new Modules.All()),
        Objects.requireNonNull(
                RecipeReader.read(file.toString(), Map.of("lora.target_modules", "all-linear"))
                    .lora())
            .settings()
            .targets());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "lora|3|lora should be a section of keys, as {r: 8}, but is 3",
        "lora.rank|3|there is no key 'lora.rank'; the nearest is 'lora.",
        "lora|{r: 4, alpha: 3}|there is no key 'lora.alpha'; the nearest is 'lora.",
        "lora.r|0|lora.r should be at least 1, but is 0",
        "lora.r|null|lora.r should have a value, but is null",
        "lora.r|many|lora.r should be a whole number, but is \"many\"",
        "lora.lora_alpha|0|lora.lora_alpha should be over 0",
        "lora.lora_dropout|1|lora.lora_dropout should be in [0, 1)",
        "lora.use_dora|perhaps|lora.use_dora should be true or false",
        "lora.bias|all|lora.bias should be none, as no other is implemented, but is all",
        "lora.target_modules|[]|lora.target_modules should be a list of at least one name",
        "lora.target_modules|3|lora.target_modules should be a list of names or a regular",
        "lora.target_modules|[3]|lora.target_modules should be a list of names",
        "lora.target_modules|(|lora.target_modules: '(' is no regular expression",
        "lora.exclude_modules|all-linear|lora.exclude_modules should be some layers and not all",
        "lora.rank_pattern|3|lora.rank_pattern should be a map of keys",
        "lora.rank_pattern|{query: 0}|lora.rank_pattern should be a map to ranks",
        "lora.rank_pattern|{query:8}|lora.rank_pattern should be a map to ranks",
        "lora.alpha_pattern|{'(': 8}|lora.alpha_pattern: '(' is no regular expression",
        "lora.modules_to_save|pooler|lora.modules_to_save should be a list",
        "lora.modules_to_save|['']|lora.modules_to_save should be a list of names",
        "model_config|{model_type: bert}|not both",
        "config_overrides|{hidden_dropout_prob: 0}|config_overrides is for training all weights",
      })
  void read_loraThatItDoesNotTake_isRefusedByItsKey(String key, String value, String sentence)
      throws IOException {
    Path file = recipe("model_name_or_path: base\nlora: {r: 2}\n");
    NunchiException failure =
        assertThrows(
            NunchiException.class, () -> RecipeReader.read(file.toString(), Map.of(key, value)));
    assertEquals(Reason.INVALID_RECIPE, failure.reason());
    assertTrue(failure.getMessage().contains(sentence), failure.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{hidden_size: 8}|config_overrides should be of probabilities of dropout",
        "{dropout: 1}|config_overrides.dropout should be at least 0 and below 1, but is 1.0",
        "{attention_dropout: -0.1}|config_overrides.attention_dropout should be at least 0",
        "{hidden_dropout_prob: null}|config_overrides.hidden_dropout_prob should be at least 0",
      })
  void read_overridesThatItDoesNotTake_areRefusedByTheirKey(String value, String sentence)
      throws IOException {
    Path file = recipe("model_name_or_path: base\nconfig_overrides: " + value + "\n");
    NunchiException failure =
        assertThrows(NunchiException.class, () -> RecipeReader.read(file.toString(), Map.of()));
    assertEquals(Reason.INVALID_RECIPE, failure.reason());
    assertTrue(failure.getMessage().startsWith(sentence), failure.getMessage());
  }

  @Test
  void read_overridesOfANewNetwork_areRefused() throws IOException {
    Path file = recipe("model_config: {model_type: bert}\nconfig_overrides: {dropout: 0.1}\n");
    NunchiException failure =
        assertThrows(NunchiException.class, () -> RecipeReader.read(file.toString(), Map.of()));
    assertTrue(failure.getMessage().startsWith("config_overrides is of"), failure.getMessage());
  }

  @Test
  void read_loraOfANewNetwork_isRefused() throws IOException {
    Path file = recipe("model_config: {model_type: bert}\nlora: {}\n");
    NunchiException failure =
        assertThrows(NunchiException.class, () -> RecipeReader.read(file.toString(), Map.of()));
    assertTrue(failure.getMessage().startsWith("lora adapts the weights of a checkpoint, and"));
  }

  @Test
  void read_neitherFileNorName_listsTheNames() {
    NunchiException failure =
        assertThrows(NunchiException.class, () -> RecipeReader.read("nsmc-smal", Map.of()));
    assertTrue(failure.getMessage().contains("nsmc-small"), failure.getMessage());
  }

  @Test
  void read_brokenYaml_namesFileAndLine() throws IOException {
    Path file = recipe("seed: 1\nlabels: {bad: -1\n");
    NunchiException failure =
        assertThrows(NunchiException.class, () -> RecipeReader.read(file.toString(), Map.of()));
    assertTrue(failure.getMessage().startsWith(file + ":"), failure.getMessage());
  }

  @Test
  void read_keyTwice_isRefusedByNameAndLine() throws IOException {
    assertRefused("seed: 1\nlearning_rate: 1e-3\nseed: 2\n", ":3: the key 'seed' occurs twice");
    assertRefused(
        "model_config:\n  model_type: bert\n  hidden_size: 8\n  model_type: electra\n",
        ":4: the key 'model_type' occurs twice");
    assertRefused("labels: {부정: -1, 긍정: 1, 부정: 0}\n", ":1: the key '부정' occurs twice");
    NunchiException failure =
        assertThrows(
            NunchiException.class,
            () -> RecipeReader.read("nsmc-small", Map.of("labels", "{a: 1, a: 2}")));
    assertEquals("--set labels: the key 'a' occurs twice", failure.getMessage());
  }

  @Test
  void read_listOfLabels_isNamesWithoutPolarity() throws IOException {
    Path file = recipe("model_name_or_path: base\nlabels: [부정, 1, 긍정]\n");
    Map<String, Double> labels =
        Objects.requireNonNull(RecipeReader.read(file.toString(), Map.of()).data().labels());
    assertEquals(List.of("부정", "1", "긍정"), List.copyOf(labels.keySet()));
    assertTrue(labels.values().stream().allMatch(Objects::isNull));
    Recipe set = RecipeReader.read(file.toString(), Map.of("labels", "[a, b]"));
    assertEquals(2, Objects.requireNonNull(set.data().labels()).size());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "부정, 긍정 | names of labels as [부정, 긍정]",
        "[{부정: -1}, {긍정: 1}] | names of labels as [부정, 긍정]",
        "[부정, 부정] | has '부정' twice",
        "[긍정] | at least two",
        "{} | at least two",
        "{부정: bad, 긍정: 1} | a map of them to polarity as {부정: -1, 긍정: 1}",
        "{부정: -2, 긍정: 1} | a polarity from -1 to 1",
        "{부정: -1, '부정 ': 1} | do not look alike",
        "{' ': -1, 부정: 1} | can be seen"
      })
  void read_labelsOfAnotherForm_sayWhatIsExpected(String labels, String expected)
      throws IOException {
    Path file = recipe("model_name_or_path: base\nlabels: " + labels + "\n");
    NunchiException failure =
        assertThrows(NunchiException.class, () -> RecipeReader.read(file.toString(), Map.of()));
    assertTrue(failure.getMessage().contains("labels"), failure.getMessage());
    assertTrue(failure.getMessage().contains(expected), failure.getMessage());
  }

  @Test
  void read_whatIsNoRecipe_isSaidInASentence() throws IOException {
    assertRefused("seed: 1\nmodel_config:\n\tmodel_type: bert\n", ":3: the line is indented with");
    assertRefused("seed: 1\n---\nseed: 2\n", "a second document begins; a recipe is one");
    assertRefused("- seed: 1\n", ": expected 'key: value' lines, found a list");
    assertRefused("", ": expected 'key: value' lines, found nothing");
    assertRefused("# seed: 1\n", ": expected 'key: value' lines, found nothing");
    assertRefused("seed\n", ": expected 'key: value' lines, found a text");
    NunchiException failure =
        assertThrows(
            NunchiException.class, () -> RecipeReader.read(directory.toString(), Map.of()));
    assertTrue(failure.getMessage().endsWith("is a directory; a recipe is a YAML file"));
  }

  @Test
  void read_otherEncodings_areNamedWithTheConversion() throws IOException {
    String yaml = "seed: 1\nlabels: {부정: -1, 긍정: 1}\n";
    Path file = directory.resolve("recipe.yaml");
    Files.writeString(file, yaml, Charset.forName("x-windows-949"));
    assertRefused(file, ":2: the bytes are not valid UTF-8; they look like CP949, and iconv -f");
    for (Charset charset : List.of(StandardCharsets.UTF_16, StandardCharsets.UTF_16LE)) {
      Files.writeString(file, yaml, charset);
      assertRefused(file, ":1: the bytes are not valid UTF-8; they look like UTF-16");
    }
    Files.writeString(file, "\uFEFFmodel_name_or_path: base\r\nseed: 5\r\n");
    assertEquals(5, RecipeReader.read(file.toString(), Map.of()).optimization().seed());
  }

  private void assertRefused(String yaml, String sentence) throws IOException {
    assertRefused(recipe(yaml), sentence);
  }

  private static void assertRefused(Path file, String sentence) {
    NunchiException failure =
        assertThrows(NunchiException.class, () -> RecipeReader.read(file.toString(), Map.of()));
    assertEquals(Reason.INVALID_RECIPE, failure.reason());
    assertTrue(failure.getMessage().startsWith(file.toString()), failure.getMessage());
    assertTrue(failure.getMessage().contains(sentence), failure.getMessage());
    assertEquals(1, failure.getMessage().lines().count(), failure.getMessage());
  }

  private Path recipe(String yaml) throws IOException {
    return Files.writeString(directory.resolve("recipe.yaml"), yaml);
  }
}
