package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.export.ExportOptions;
import dev.nunchi.export.OnnxExporter;
import dev.nunchi.infer.Backend;
import dev.nunchi.infer.ProbeCheck;
import dev.nunchi.model.AdapterMerge;
import dev.nunchi.model.BaseModels;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.CopiedDirectory;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.Precision;
import dev.nunchi.model.SafetensorsBytes;
import dev.nunchi.nn.LowRank;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.TinyAdapter;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.torch.TorchNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Runs that train an adapter.
@Execution(ExecutionMode.CONCURRENT)
class LoraRunTest {
  private static final String RECIPE =
      """
      model_name_or_path: %s
      labels: [부정, 긍정]
      max_length: 20
      learning_rate: 5.0e-3
      per_device_train_batch_size: 16
      warmup_ratio: 0.1
      max_steps: 12
      eval_steps: 4
      save_steps: 5
      threads: 1
      """;

  private static final String LORA = "lora: {r: 3, lora_alpha: 6, lora_dropout: 0.2}\n";

  @TempDir private Path directory;
  private Path data = Path.of("");
  private Path base = Path.of("");

  @BeforeEach
  void writeTexts() throws IOException {
    data = Files.createDirectory(directory.resolve("data"));
    Files.writeString(data.resolve("train.tsv"), texts(80, 1));
    Files.writeString(data.resolve("validation.tsv"), texts(40, 2));
    base = CopiedDirectory.of(TinyCheckpoint.BERT.path(), directory.resolve("base"));
  }

  private static String texts(int count, long seed) {
    List<List<String>> words =
        List.of(List.of("최악 지루 싫다", "실망 후회", "별로 너무"), List.of("정말 최고 재밌", "추천 감동", "맛있 기쁘"));
    List<String> others = List.of("이", "그", "영화", "노래", "오늘", "음식");
    Random random = new Random(seed);
    StringBuilder rows = new StringBuilder("id\tdocument\tlabel\n");
    for (int i = 0; i < count; i++) {
      List<String> own = words.get(i % 2);
      rows.append(
          "%d_%d\t%s %s %s\t%s\n"
              .formatted(
                  seed,
                  i,
                  others.get(random.nextInt(others.size())),
                  own.get(random.nextInt(own.size())),
                  others.get(random.nextInt(others.size())),
                  i % 2 == 0 ? "부정" : "긍정"));
    }
    return rows.toString();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lora: {}\n",
        "lora: {target_modules: all-linear, use_dora: true, lora_dropout: 0.2}\n",
        "lora: {target_modules: '.*(query|key|output\\.dense)', use_rslora: true,"
            + " rank_pattern: {key: 2}, alpha_pattern: {'layer\\.1\\..*': 20}}\nbf16: true\n",
        "lora: {modules_to_save: [word_embeddings]}\nema_decay: 0.9\n",
        "lora: {}\nswa_epochs: 2\nfit_intercepts: true\n",
        "lora: {}\nload_best_model_at_end: false\nfreeze_layers: 1\n",
        "lora: {target_modules: all-linear, lora_dropout: 0.2}\nload_in_4bit: true\n"
            + "gradient_checkpointing: true\noptim: adamw_8bit\n",
        "lora: {use_dora: true}\nload_in_4bit: true\nbf16: true\n",
      })
  void run_adapter_answersAsTrainedWhereverItIsOpened(String lora) throws IOException {
    Path output = directory.resolve("adapter");
    run(recipe(lora), output);
    assertTrue(names(output).containsAll(Set.of("adapter_config.json", "nunchi.json")));
    assertTrue(names(output).stream().noneMatch(name -> name.matches("(model|config)\\..*")));
    try (CheckpointDirectory merged = CheckpointDirectory.open(output)) {
      assertEquals(List.of("부정", "긍정"), merged.labels().names());
      assertAnswersItsProbe(merged);
      Path whole = directory.resolve("whole");
      AdapterMerge.write(merged, whole);
      try (CheckpointDirectory written = CheckpointDirectory.open(whole)) {
        assertTrue(written.lora().isEmpty());
        assertAnswersItsProbe(written);
      }
      // The exporter's gate compares with the logits that training recorded.
      ModelDirectory exported =
          new OnnxExporter(_ -> {})
              .export(merged, directory.resolve("onnx"), ExportOptions.of(Precision.FP32));
      assertEquals(merged.labels().names(), exported.manifest().task().labels().names());
    }
  }

  private static void assertAnswersItsProbe(CheckpointDirectory checkpoint) {
    checkpoint.requireComplete();
    Manifest manifest = checkpoint.manifest().orElseThrow();
    try (TorchNetwork network = new TorchNetwork(checkpoint.network(), checkpoint.weights());
        TextEncoder encoder =
            TextEncoder.open(
                checkpoint.tokenizerDirectory(),
                Normalizer.of(manifest.text().normalization()),
                manifest.text().maxLength())) {
      Backend backend =
          new Backend() {
            @Override
            public float[][] logits(PaddedBatch batch) {
              return network.logits(batch);
            }

            @Override
            public void close() {}
          };
      new ProbeCheck(encoder, backend, Precision.FP32, network.network().padTokenId())
          .run(Objects.requireNonNull(manifest.proof().probe()));
    }
  }

  @Test
  void run_adapter_holdsWhatIsTrainedAndNothingElse() throws IOException {
    Path output = directory.resolve("adapter");
    run(recipe(LORA), output);
    for (Path written : List.of(output, output.resolve("checkpoint-10"))) {
      try (CheckpointDirectory apart = CheckpointDirectory.openApart(written, BaseModels.NONE);
          CheckpointDirectory plain = CheckpointDirectory.open(base)) {
        for (Parameter parameter : plain.network().parameters()) {
          String name = parameter.name();
          boolean same =
              apart.weights().get(name).shape().equals(plain.weights().get(name).shape())
                  && apart.weights().get(name).data().mismatch(plain.weights().get(name).data())
                      < 0;
          assertEquals(!name.startsWith("classifier."), same, name);
        }
        assertEquals(8, apart.weights().names().stream().filter(LowRank::isParameter).count());
      }
    }
    // Two moments and a count of each of eight matrices and the head.
    assertTrue(Files.size(output.resolve("checkpoint-10/optimizer.safetensors")) < 20_000);
  }

  @Test
  void run_baseWithoutPoolerAndHead_savesBoth() throws IOException {
    SafetensorsBytes.keep(
        base.resolve("model.safetensors"),
        name -> !name.contains("pooler") && !name.startsWith("classifier"));
    Path output = directory.resolve("adapter");
    run(recipe(LORA), output);
    try (CheckpointDirectory adapter = CheckpointDirectory.open(output)) {
      adapter.requireComplete();
      assertEquals(List.of("bert.pooler.dense"), adapter.lora().orElseThrow().modulesToSave());
      assertAnswersItsProbe(adapter);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "ema_decay: 0.9\n",
        "gradual_unfreezing: 0.5\nbf16: true\n",
        "load_in_4bit: true\ngradient_checkpointing: true\noptim: adamw_8bit\n"
      })
  void run_stoppedAndResumed_givesTheAdapterOfAnUninterruptedRun(String further)
      throws IOException {
    Recipe recipe = recipe(LORA.replace("}", ", use_dora: true}") + further);
    Path whole = directory.resolve("whole");
    run(recipe, whole);
    Path parts = directory.resolve("parts");
    for (long end : new long[] {3, 7, 9}) {
      StopSignal stop = new StopSignal();
      run(
          recipe,
          parts,
          TrainingRun.Mode.RESUME,
          new Watcher(step -> {
            if (step == end) {
              stop.request();
            }
          }),
          stop);
    }
    run(recipe, parts, TrainingRun.Mode.RESUME, new Watcher(_ -> {}), new StopSignal());
    for (String file :
        List.of(
            "adapter_model.safetensors",
            "adapter_config.json",
            "checkpoint-10/optimizer.safetensors",
            "checkpoint-10/adapter_model.safetensors",
            "checkpoint-10/trainer_state.json")) {
      assertEquals(-1, Files.mismatch(whole.resolve(file), parts.resolve(file)), file);
    }
  }

  @Test
  void run_resumedWithAnotherBase_isRefused() throws IOException {
    Recipe recipe = recipe(LORA);
    Path output = directory.resolve("adapter");
    StopSignal stop = new StopSignal();
    run(recipe, output, TrainingRun.Mode.START, new Watcher(_ -> stop.request()), stop);
    SafetensorsBytes.keep(
        base.resolve("model.safetensors"), name -> !name.startsWith("classifier"));
    assertRefused(
        Reason.INVALID_MODEL,
        "was trained on other weights than those of " + base,
        () -> run(recipe, output, TrainingRun.Mode.RESUME, new Watcher(_ -> {}), new StopSignal()));
  }

  @Test
  void run_fromAnAdapter_goesOnAsThatAdapter() throws IOException {
    Path first = directory.resolve("first");
    run(recipe(LORA), first);
    Watcher watcher = new Watcher(_ -> {});
    Path second = directory.resolve("second");
    String recipe = RECIPE.formatted(first);
    run(read(recipe), second, TrainingRun.Mode.START, watcher, new StopSignal());
    assertEquals(List.of(), watcher.warnings);
    try (CheckpointDirectory before = CheckpointDirectory.openApart(first, BaseModels.NONE);
        CheckpointDirectory after = CheckpointDirectory.openApart(second, BaseModels.NONE)) {
      assertEquals(before.lora(), after.lora());
      assertEquals(before.base(), after.base());
      assertAnswersItsProbe(CheckpointDirectory.open(second));
    }
    run(read(recipe + LORA), second, TrainingRun.Mode.OVERWRITE, watcher, new StopSignal());
    Recipe overridden = read(recipe + "config_overrides: {hidden_dropout_prob: 0}\n");
    assertRefused(
        Reason.INVALID_RECIPE,
        "config_overrides is for training all weights, and %s is an adapter".formatted(first),
        () -> run(overridden, directory.resolve("third")));
    assertRefused(
        Reason.INVALID_RECIPE,
        "lora is not as the adapter %s has it".formatted(first),
        () ->
            run(
                read(recipe + "lora: {r: 4}\n"),
                directory.resolve("third"),
                TrainingRun.Mode.START,
                watcher,
                new StopSignal()));
  }

  @Test
  void run_in4BitWithoutAdapters_isRefused() {
    assertRefused(
        Reason.INVALID_RECIPE,
        "load_in_4bit: true needs lora",
        () -> run(recipe("load_in_4bit: true\n"), directory.resolve("adapter")));
  }

  @Test
  void run_fromAnAdapterOnNf4_staysOnNf4() throws IOException {
    Path first = directory.resolve("first");
    run(recipe(LORA + "load_in_4bit: true\n"), first);
    Path second = directory.resolve("second");
    run(read(RECIPE.formatted(first)), second);
    for (Path adapter : List.of(first, second)) {
      try (CheckpointDirectory apart = CheckpointDirectory.openApart(adapter, BaseModels.NONE)) {
        assertTrue(apart.base().orElseThrow().inNf4());
        assertTrue(apart.weights().isQuantized("bert.encoder.layer.0.output.dense.weight"));
        assertTrue(Files.readString(adapter.resolve("README.md")).contains("QLoRA"));
      }
    }
  }

  @Test
  void run_fromAnAdapterOfPeft_goesOnWithANewHead() throws IOException {
    Path output = directory.resolve("adapter");
    Watcher watcher = new Watcher(_ -> {});
    run(
        read(RECIPE.formatted(TinyAdapter.BERT_USUAL.path())),
        output,
        TrainingRun.Mode.START,
        watcher,
        new StopSignal());
    assertTrue(watcher.warnings.getFirst().contains("so its head is left"), watcher.warnings + "");
    try (CheckpointDirectory adapter = CheckpointDirectory.open(output)) {
      assertAnswersItsProbe(adapter);
    }
  }

  @Test
  void run_intoTheBaseOfAnAdapter_isRefused() throws IOException {
    Path first = directory.resolve("first");
    run(recipe(LORA), first);
    assertRefused(
        Reason.INVALID_ARGUMENT,
        "lie one in the other",
        () ->
            run(
                read(RECIPE.formatted(first)),
                base.resolve("inside"),
                TrainingRun.Mode.START,
                new Watcher(_ -> {}),
                new StopSignal()));
  }

  @Test
  void seeds_ofAnAdapter_areTrainedOneByOne() throws IOException {
    Path output = directory.resolve("seeds");
    SeedResults results =
        new SeedRuns(recipe(LORA), data, output, List.of(1L, 2L), TrainingRun.Mode.START)
            .run((_, _) -> new Watcher(_ -> {}), new StopSignal(), _ -> {});
    assertEquals(2, results.seeds().size());
    assertTrue(
        Files.mismatch(
                output.resolve("seed-1/adapter_model.safetensors"),
                output.resolve("seed-2/adapter_model.safetensors"))
            >= 0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{target_modules: [quer]}|lora.target_modules: quer matches no linear layer; there are"
            + " query, key, value, dense",
        "{target_modules: query}|'query', a regular expression of whole names, matches no linear"
            + " layer",
        "{target_modules: [word_embeddings]}|word_embeddings matches no linear layer",
        "{target_modules: [query], exclude_modules: [query]}|query without exclude_modules leaves"
            + " no linear layer",
        "{exclude_modules: [nothing]}|lora.exclude_modules: nothing matches no linear layer",
        "{rank_pattern: {key: 3}}|lora.rank_pattern: key matches no layer that is adapted; there"
            + " are query, value",
        "{alpha_pattern: {nothing: 3}}|lora.alpha_pattern: nothing matches no layer that is"
            + " adapted",
        "{modules_to_save: [nothing]}|lora.modules_to_save: nothing matches no module",
      })
  void run_nameThatMatchesNothing_isRefusedWithSomeThatAreThere(String lora, String sentence)
      throws IOException {
    Recipe recipe = recipe("lora: " + lora + "\n");
    assertRefused(Reason.INVALID_RECIPE, sentence, () -> run(recipe, directory.resolve("adapter")));
    assertEquals(List.of("base", "data", "recipe.yaml"), names(directory));
  }

  @Test
  void plan_adapter_saysWhatIsTrainedAndTakesMemoryForThatAlone() throws IOException {
    Watcher watcher = new Watcher(_ -> {});
    new TrainingRun(
            recipe(LORA),
            data,
            directory.resolve("a"),
            TrainingRun.Mode.START,
            watcher,
            RunModels.of(base))
        .dryRun(new StopSignal());
    TrainingListener.Plan plan = Objects.requireNonNull(watcher.plan);
    // Four layers of two matrices of 3 x 32, and a head of 2 x 32 and 2.
    assertEquals(4 * 2 * 3 * 32 + 66, plan.trained());
    assertEquals(4 * plan.trained(), plan.memory().gradients());
    assertEquals(8 * plan.trained(), plan.memory().optimizer());
    assertEquals(4 * plan.parameters(), plan.memory().parameters());
    assertEquals(List.of("classifier.weight", "classifier.bias"), plan.freshTensors());
    Watcher whole = new Watcher(_ -> {});
    new TrainingRun(
            recipe(""),
            data,
            directory.resolve("a"),
            TrainingRun.Mode.START,
            whole,
            RunModels.of(base))
        .dryRun(new StopSignal());
    assertTrue(
        Objects.requireNonNull(whole.plan).memory().activations() > plan.memory().activations());
  }

  private static void assertRefused(Reason reason, String sentence, Executable run) {
    NunchiException refused = assertThrows(NunchiException.class, run);
    assertTrue(refused.getMessage().contains(sentence), refused.getMessage());
    assertEquals(reason, refused.reason());
  }

  private Recipe recipe(String lora) throws IOException {
    return read(RECIPE.formatted(base) + lora);
  }

  private Recipe read(String yaml) throws IOException {
    Path file = Files.writeString(directory.resolve("recipe.yaml"), yaml);
    return RecipeReader.read(file.toString(), Map.of());
  }

  private void run(Recipe recipe, Path output) {
    run(recipe, output, TrainingRun.Mode.START, new Watcher(_ -> {}), new StopSignal());
  }

  private void run(
      Recipe recipe, Path output, TrainingRun.Mode mode, Watcher watcher, StopSignal stop) {
    new TrainingRun(recipe, data, output, mode, watcher).run(stop);
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private static final class Watcher implements TrainingListener {
    private final LongConsumer afterStep;
    private final List<String> warnings = new ArrayList<>();
    private @Nullable Plan plan;

    Watcher(LongConsumer afterStep) {
      this.afterStep = afterStep;
    }

    @Override
    public void preparing(String stage) {}

    @Override
    public void planned(Plan plan) {
      this.plan = plan;
    }

    @Override
    public void stepped(Step step) {
      afterStep.accept(step.step());
    }

    @Override
    public void evaluated(long step, Evaluation evaluation, boolean best) {}

    @Override
    public void saved(Path directory) {}

    @Override
    public void warned(String sentence) {
      if (sentence.contains("head")) {
        warnings.add(sentence);
      }
    }
  }
}
