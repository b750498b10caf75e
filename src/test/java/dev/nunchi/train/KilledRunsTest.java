package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.model.AdapterBase;
import dev.nunchi.model.CheckpointContents;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.CopiedDirectory;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.MortalFiles;
import dev.nunchi.model.StagedDirectory;
import dev.nunchi.model.TrainerState;
import dev.nunchi.nn.Lora;
import dev.nunchi.nn.Modules;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.RandomWeights;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.nn.Weight;
import dev.nunchi.text.Normalization;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// Runs that die between any two changes of files, over and over, in directories where people keep
/// things: nothing of theirs is ever missing, and the run comes to its end.
///
/// The runs save what a training saves, in its order, without the arithmetic: six steps, a model
/// after each second one, a checkpoint after each third, the newest of which stays. Every third
/// process saves an adapter in place of a whole model.
@Execution(ExecutionMode.CONCURRENT)
class KilledRunsTest {
  private static final int SEEDS = Integer.getInteger("nunchi.kills.seeds", 40);
  private static final long STEPS = 6;

  /// A run makes some 200 changes.
  private static final int LONGEST_LIFE = 300;

  private static final int LIVES = 4;
  private static final LabelSet LABELS = LabelSet.of("부정", "긍정");

  private static final Lora LORA =
      new Lora(
          2,
          4,
          0,
          Optional.empty(),
          Modules.NONE,
          new LinkedHashMap<>(),
          new LinkedHashMap<>(),
          false,
          false,
          List.of());

  private static final Map<Long, Map<String, Weight>> WEIGHTS = new HashMap<>();
  private static final Map<Long, Map<String, Weight>> ADAPTERS = new HashMap<>();
  private static @Nullable CheckpointDirectory base;

  @TempDir private Path temporary;

  @BeforeAll
  static void openBase() {
    base =
        CheckpointDirectory.open(
            TinyCheckpoint.BERT.path(),
            LABELS,
            CheckpointDirectory.Order.AS_WANTED,
            ProblemType.SINGLE_LABEL_CLASSIFICATION);
    for (long step = 0; step <= STEPS; step++) {
      WEIGHTS.put(step, RandomWeights.of(base.network().parameters(), step).byName());
      Network adapted = base.network().adapted(LORA);
      ADAPTERS.put(
          step,
          RandomWeights.of(adapted.parameters().stream().filter(adapted::trains).toList(), step)
              .byName());
    }
  }

  @AfterAll
  static void closeBase() {
    if (base != null) {
      base.close();
    }
  }

  @Test
  void run_killedAnywhereOverAndOver_endsWholeAndLosesNothingOfTheUsers() throws IOException {
    for (int seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      Belongings user = new Belongings(Files.createDirectory(temporary.resolve("seed-" + seed)));
      Path output = user.home.resolve("model");
      user.furnish(output, random);
      TrainingRun.Mode mode = TrainingRun.Mode.START;
      for (int life = 0; life < LIVES; life++) {
        MortalFiles files = new MortalFiles(random.nextLong(LONGEST_LIFE), random);
        String refused = live(files.of(output), mode, random.nextInt(3) == 0);
        if (files.isDead() && random.nextBoolean()) {
          files.losePower();
        }
        user.assertComplete("seed " + seed + ", life " + life + ": " + refused);
        user.visit(output, random);
        mode = random.nextInt(8) == 0 ? TrainingRun.Mode.OVERWRITE : TrainingRun.Mode.RESUME;
      }
      String refused = live(output, TrainingRun.Mode.OVERWRITE, random.nextInt(3) == 0);
      user.assertComplete("seed " + seed);
      assertEquals("", refused, "seed " + seed);
      assertWhole(output, "seed " + seed);
    }
  }

  @Test
  void run_somethingInTheWay_isRefusedByNameAndNothingChanges() throws IOException {
    for (int seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      Belongings user = new Belongings(Files.createDirectory(temporary.resolve("seed-" + seed)));
      Path output = user.home.resolve("model");
      if (random.nextBoolean()) {
        live(new MortalFiles(random.nextLong(LONGEST_LIFE), random).of(output), mode(random));
      }
      Path inTheWay = user.putInTheWay(output, random);
      Map<Path, String> before = contents(user.home);
      for (TrainingRun.Mode mode : TrainingRun.Mode.values()) {
        String refused = live(output, mode);
        assertTrue(
            refused.contains(inTheWay.getFileName().toString()) || mode == TrainingRun.Mode.START,
            "seed %d, %s: %s".formatted(seed, mode, refused));
        assertTrue(!refused.isEmpty(), "seed " + seed);
        assertEquals(before, contents(user.home), "seed " + seed + " " + mode);
      }
    }
  }

  @Test
  void run_besideASiblingOfALongerName_leavesItsWorkAlone() throws Exception {
    for (int seed = 0; seed < SEEDS / 4; seed++) {
      Path home = Files.createDirectory(temporary.resolve("seed-" + seed));
      Random random = new Random(seed);
      List<Callable<String>> lives = new ArrayList<>();
      for (String name : List.of("model", "model-small")) {
        MortalFiles files = new MortalFiles(random.nextLong(LONGEST_LIFE), random);
        lives.add(() -> {
          live(files.of(home.resolve(name)), TrainingRun.Mode.START);
          return live(home.resolve(name), TrainingRun.Mode.RESUME);
        });
      }
      assertEquals(Set.of(""), outcomes(lives), "seed " + seed);
      assertWhole(home.resolve("model"), "seed " + seed);
      assertWhole(home.resolve("model-small"), "seed " + seed);
    }
  }

  @Test
  void run_severalInOneDirectory_oneAtATime() throws Exception {
    for (int seed = 0; seed < SEEDS / 10; seed++) {
      Path output = Files.createDirectory(temporary.resolve("seed-" + seed));
      AtomicInteger inside = new AtomicInteger();
      Callable<String> life =
          () -> {
            for (int attempt = 0; attempt < 20; attempt++) {
              try (RunDirectory held = RunDirectory.open(output, TrainingRun.Mode.OVERWRITE)) {
                assertEquals(1, inside.incrementAndGet());
                Thread.yield();
                inside.decrementAndGet();
                if (attempt % 2 == 0) {
                  held.finished();
                }
              } catch (NunchiException e) {
                assertTrue(e.getMessage().contains("runs now"), e.getMessage());
              }
            }
            return "";
          };
      assertEquals(Set.of(""), outcomes(List.of(life, life, life)));
    }
  }

  private static Set<String> outcomes(List<Callable<String>> lives) throws Exception {
    Set<String> outcomes = new HashSet<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(lives.size())) {
      for (Future<String> life : threads.invokeAll(lives)) {
        outcomes.add(life.get());
      }
    } catch (ExecutionException e) {
      throw new AssertionError(e);
    }
    return outcomes;
  }

  private static TrainingRun.Mode mode(Random random) {
    return TrainingRun.Mode.values()[random.nextInt(TrainingRun.Mode.values().length)];
  }

  /// A process from its begin to its end or death.
  ///
  /// @return why it was refused, empty where it was not
  private static String live(Path output, TrainingRun.Mode mode) {
    return live(output, mode, false);
  }

  private static String live(Path output, TrainingRun.Mode mode, boolean adapter) {
    try {
      Optional<Path> from = RunDirectory.examine(output, mode, null, _ -> {});
      long begun = from.map(KilledRunsTest::step).orElse(0L);
      try (RunDirectory directory = RunDirectory.open(output, mode)) {
        directory.write(RunDirectory.DATA_REPORT, "{\"splits\": [], \"warnings\": []}\n");
        MetricsLog log = new MetricsLog(output, 1);
        from.ifPresent(checkpoint -> log.resumed(checkpoint, begun));
        for (long step = begun + 1; step <= STEPS; step++) {
          log.stepped(Steps.step(step, 0.5));
          save(directory, step, adapter);
        }
        directory.finished();
      }
      return "";
    } catch (NunchiException e) {
      return e.reason() == Reason.INVALID_ARGUMENT ? e.getMessage() : "";
    }
  }

  private static void save(RunDirectory directory, long step, boolean adapter) {
    if (step % 2 == 0) {
      try (StagedDirectory staged = directory.stage()) {
        contents(step, adapter, null).write(staged.path());
        staged.commit();
      }
    }
    if (step % 3 == 0) {
      ObjectNode state = new ObjectMapper().createObjectNode().put("global_step", step);
      try (StagedDirectory staged = directory.stage()) {
        contents(step, adapter, new TrainerState(Objects.requireNonNull(WEIGHTS.get(0L)), state))
            .write(staged.path());
        staged.commitAs(directory.checkpoint(step));
      }
      directory.prune(step, 1);
    }
  }

  private static CheckpointContents contents(
      long step, boolean adapter, @Nullable TrainerState state) {
    CheckpointDirectory from = Objects.requireNonNull(base);
    return new CheckpointContents(
        from.config(),
        LABELS,
        ProblemType.SINGLE_LABEL_CLASSIFICATION,
        Objects.requireNonNull((adapter ? ADAPTERS : WEIGHTS).get(step)),
        from.path(),
        Manifest.of(
            "tiny", LABELS, ProblemType.SINGLE_LABEL_CLASSIFICATION, Normalization.STANDARD, 24),
        state == null ? Map.of("README.md", "# step " + step) : Map.of(),
        adapter
            ? new CheckpointContents.Adapter(LORA, AdapterBase.of(TinyCheckpoint.BERT.path()))
            : null,
        state);
  }

  private static long step(Path checkpoint) {
    return TrainerState.readNumbers(checkpoint).path("global_step").longValue();
  }

  private static void assertWhole(Path output, String seed) throws IOException {
    try (CheckpointDirectory written = CheckpointDirectory.open(output)) {
      written.requireComplete();
    }
    assertEquals("# step " + STEPS, Files.readString(output.resolve("README.md")), seed);
    assertEquals(STEPS, Files.readAllLines(output.resolve("metrics.jsonl")).size(), seed);
    assertEquals(
        List.of(),
        CopiedDirectory.entries(output).stream()
            .map(entry -> entry.getFileName().toString())
            .filter(name -> name.startsWith(".nunchi"))
            .toList(),
        seed);
  }

  private static Map<Path, String> contents(Path directory) throws IOException {
    Map<Path, String> contents = new HashMap<>();
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        contents.put(file, Files.readString(file, StandardCharsets.ISO_8859_1));
      }
    }
    return contents;
  }

  /// What a user keeps in a directory and around, each file of a content of its own.
  private static final class Belongings {
    private static final List<String> HARMLESS =
        List.of(
            "diary.txt",
            "train.log",
            ".DS_Store",
            ".gitkeep",
            "lost+found/orphan",
            "other.safetensors",
            "runs/events.out.tfevents.1.mine.0",
            "checkpoint-best/model.safetensors",
            "data/train.tsv");

    private static final List<String> IN_THE_WAY =
        List.of(
            "README.md",
            "model.safetensors",
            "config.json",
            "nunchi.json",
            "tokenizer.json",
            "vocab.txt",
            "recipe.yaml",
            "adapter_config.json",
            "metrics.jsonl",
            "data_report.json",
            "checkpoint-500/trainer_state.json");

    private final Path home;
    private final Map<Path, String> kept = new HashMap<>();
    private final Set<String> moved = new HashSet<>();

    private Belongings(Path home) {
      this.home = home;
    }

    void furnish(Path output, Random random) throws IOException {
      put(home.resolve("model.txt"));
      put(home.resolve(".nunchi-notes"));
      put(home.resolve("model-small/config.json"));
      put(home.resolve(".staged-model-small-7/model.safetensors"));
      for (String name : HARMLESS) {
        if (random.nextBoolean()) {
          put(output.resolve(name));
        }
      }
    }

    private Path put(Path file) throws IOException {
      Files.createDirectories(file.getParent());
      String content = "%s of the user, %d".formatted(file, kept.size());
      Files.writeString(file, content);
      kept.put(file, content);
      return file;
    }

    Path putInTheWay(Path output, Random random) throws IOException {
      String name = IN_THE_WAY.get(random.nextInt(IN_THE_WAY.size()));
      put(output.resolve(name));
      return Path.of(name.replaceFirst("/.*", ""));
    }

    /// Between two lives, the user writes into checkpoints or damages one.
    void visit(Path output, Random random) throws IOException {
      for (KeptCheckpoint checkpoint : KeptCheckpoint.in(output)) {
        switch (random.nextInt(6)) {
          case 0 -> {
            Path notes = checkpoint.path().resolve("notes.txt");
            if (!Files.exists(notes)) {
              String content = "notes %d of the user".formatted(moved.size());
              Files.writeString(notes, content);
              moved.add(content);
            }
          }
          case 1 -> {
            Path whole = checkpoint.path().resolve("model.safetensors");
            Path weights =
                Files.exists(whole)
                    ? whole
                    : checkpoint.path().resolve("adapter_model.safetensors");
            if (Files.exists(weights) && Files.size(weights) > 100) {
              String content = "damaged %d".formatted(moved.size());
              Files.writeString(weights, content);
              moved.add(content);
            }
          }
          default -> {}
        }
      }
    }

    void assertComplete(String when) throws IOException {
      for (Map.Entry<Path, String> file : kept.entrySet()) {
        assertTrue(Files.exists(file.getKey()), when + ": missing " + file.getKey());
        assertEquals(file.getValue(), Files.readString(file.getKey()), when);
      }
      Set<String> contents = new HashSet<>(contents(home).values());
      assertTrue(contents.containsAll(moved), when + ": something of " + moved + " is missing");
    }
  }
}
