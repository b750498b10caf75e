package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.hub.FakeHub;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.model.Provenance;
import dev.nunchi.nn.TinyCheckpoint;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Models by their names, as a user asks for them.
class ModelsCommandTest {
  private static final String NAME = "team/tiny-bert";

  @TempDir private static Path directory;
  private static @Nullable FakeHub hub;
  private Path home = directory;

  /// What a command left behind.
  private record Result(int exitCode, String out, String err) {}

  @BeforeAll
  static void startHub() throws IOException {
    hub = FakeHub.of(NAME, TinyCheckpoint.BERT.path());
  }

  @AfterAll
  static void stopHub() throws IOException {
    if (hub != null) {
      hub.close();
    }
  }

  @Test
  void models_pulledListedShownVerifiedRemoved_sayWhatTheyDid() throws IOException {
    home = directory.resolve("all");
    assertEquals("No model is here yet", run("models", "list").err().substring(0, 20));
    Result pulled = run("models", "pull", NAME);
    assertEquals(0, pulled.exitCode(), pulled.err());
    Path snapshot = Path.of(pulled.out().strip());
    assertTrue(Files.exists(snapshot.resolve("model.safetensors")), pulled.out());
    assertFalse(Files.exists(snapshot.resolve("modeling_custom.py")));
    assertTrue(pulled.err().contains("Pulling " + NAME + " (main is "), pulled.err());
    assertTrue(pulled.err().contains("licence cc-by-sa-4.0"), pulled.err());
    String listed = run("models", "ls").out();
    assertTrue(
        listed.matches("(?s)MODEL .*" + NAME + " +\\w{12}  main  5 .*cc-by-sa-4.0\n"), listed);
    String shown = run("models", "show", NAME).out();
    assertTrue(shown.contains("licence    cc-by-sa-4.0\n"), shown);
    assertTrue(shown.contains("directory  " + snapshot + "\n"), shown);
    assertTrue(shown.matches("(?s).*  model.safetensors +75,020  sha256:[0-9a-f]{64}\n.*"), shown);
    Result verified = run("models", "verify");
    assertTrue(verified.out().endsWith(": 5 files, 79,817 bytes, whole\n"), verified.out());
    Path config = snapshot.resolve("config.json").toRealPath();
    Files.writeString(config, "{}");
    Result damaged = run("models", "verify", NAME);
    assertEquals(1, damaged.exitCode());
    assertTrue(damaged.err().contains("config.json: a git SHA-1 of "), damaged.err());
    assertEquals(0, run("models", "pull", NAME, "--revision", "main").exitCode());
    assertEquals(0, run("models", "verify", NAME).exitCode());
    Result removed = run("models", "remove", NAME);
    assertTrue(removed.err().endsWith(", 79,817 bytes\n"), removed.err());
    Result gone = run("models", "show", NAME);
    assertEquals(
        "nunchi: %s is not here; 'nunchi models list' shows what is, 'nunchi models pull %s' fetches it\n"
            .formatted(NAME, NAME),
        gone.err());
  }

  @Test
  void models_argumentsThatMakeNoSense_exitWith2() {
    for (List<String> arguments :
        List.of(
            List.of("models"),
            List.of("models", "pull"),
            List.of("models", "pull", "no/such/name"),
            List.of("models", "pull", "a/b", "--max-workers", "0"),
            List.of("models", "pull", "a/b", "--revision", "../x"),
            List.of("models", "pull", "oci://localhost/x:1", "--revision", "main"),
            List.of("models", "show", "/tmp"))) {
      assertEquals(2, run(arguments.toArray(String[]::new)).exitCode(), arguments::toString);
    }
    assertTrue(run("models", "pull", "--help").out().contains("--revision"));
  }

  @Test
  void classify_nameThatIsNotHere_pullsItAfterSayingSo() {
    home = directory.resolve("classify");
    Result offline = run("--offline", "classify", "--model", NAME, "좋아요");
    assertEquals(1, offline.exitCode());
    assertTrue(offline.err().contains(NAME + " is no directory and not among"), offline.err());
    assertTrue(offline.err().contains("'nunchi models pull " + NAME + "'"), offline.err());
    Result first = run("classify", "--model", NAME, "좋아요");
    assertEquals(0, first.exitCode(), first.err());
    assertTrue(first.err().startsWith(NAME + " is not here; pulling it"), first.err());
    Result again = run("classify", "--offline", "--model", NAME, "좋아요");
    assertEquals(first.out(), again.out());
    assertEquals("", again.err());
  }

  @Test
  void trim_ofAName_keepsNameCommitAndLicence() throws IOException {
    home = directory.resolve("trim");
    Path texts = Files.writeString(directory.resolve("texts.txt"), "영화 최고\n정말 지루해요\n");
    Path first = directory.resolve("trimmed");
    Result trimmed =
        run(
            "models",
            "trim",
            NAME,
            "--texts",
            texts.toString(),
            "--characters",
            "used",
            "--output",
            first.toString());
    assertEquals(0, trimmed.exitCode(), trimmed.err());
    assertTrue(trimmed.err().startsWith(NAME + " is not here; pulling it"), trimmed.err());
    Map<String, String> origin =
        ManifestFile.read(first).map(Manifest::origin).orElseThrow().provenance();
    assertEquals(NAME, origin.get("source"));
    assertTrue(origin.getOrDefault("source_revision", "").matches("[0-9a-f]{40}"));
    assertEquals("cc-by-sa-4.0", origin.get("license"));
    assertEquals(
        "%s at %s, cut to %s (licence cc-by-sa-4.0)"
            .formatted(NAME, origin.get("source_revision"), origin.get("vocabulary")),
        Provenance.shown(Provenance.of(first).asBase()));
    String card = Files.readString(first.resolve("README.md"));
    assertTrue(card.contains("%s at %s".formatted(NAME, origin.get("source_revision"))), card);
    Path second = directory.resolve("trimmed-again");
    Files.writeString(texts, "영화 최고\n");
    Result again =
        run(
            "models",
            "trim",
            first.toString(),
            "--texts",
            texts.toString(),
            "--characters",
            "used",
            "--output",
            second.toString());
    assertEquals(0, again.exitCode(), again.err());
    Map<String, String> further =
        ManifestFile.read(second).map(Manifest::origin).orElseThrow().provenance();
    assertEquals(origin.get("source_digest"), further.get("source_digest"));
    assertTrue(
        further.getOrDefault("vocabulary", "").endsWith(", which were " + origin.get("vocabulary")),
        further::toString);
  }

  @Test
  void train_fromAName_carriesItsLicence() throws IOException {
    home = directory.resolve("train");
    Path data = Files.createDirectories(directory.resolve("data"));
    StringBuilder rows = new StringBuilder("id\tdocument\tlabel\n");
    for (int i = 0; i < 40; i++) {
      rows.append(i)
          .append(i % 2 == 0 ? "\t좋아요 " : "\t싫어요 ")
          .append(i)
          .append(i % 2 == 0 ? "\t긍정\n" : "\t부정\n");
    }
    Files.writeString(data.resolve("train.tsv"), rows);
    Path recipe =
        Files.writeString(
            directory.resolve("recipe.yaml"),
            "model_name_or_path: %s\nmax_length: 16\nmax_steps: 1\nvalidation_share: 0.5\nthreads: 1\n"
                .formatted(NAME));
    Path output = directory.resolve("trained");
    Result trained =
        run(
            "train",
            "--recipe",
            recipe.toString(),
            "--data",
            data.toString(),
            "--output",
            output.toString());
    assertEquals(0, trained.exitCode(), trained.err());
    assertTrue(trained.err().contains(NAME + " is not here; pulling it"), trained.err());
    Map<String, String> provenance = manifest(output).origin().provenance();
    assertEquals(NAME, provenance.get("base_model"));
    assertEquals("cc-by-sa-4.0", provenance.get("base_model_license"));
    String commit = provenance.getOrDefault("base_model_revision", "");
    String card = Files.readString(output.resolve("README.md"));
    assertTrue(card.contains("\nbase_model: " + NAME + "\n"), card);
    assertTrue(
        card.contains("| started from | %s at %s (licence cc-by-sa-4.0) |".formatted(NAME, commit)),
        card);
    assertTrue(
        Files.readString(output.resolve("recipe.yaml")).contains("model_name_or_path: " + NAME));
  }

  /// An adapter says its base by the name, and finds it where it was pulled, without a network.
  @Test
  void train_adapterOfAName_opensWithTheBaseThatWasPulled() throws IOException {
    home = directory.resolve("adapter");
    Path data = Files.createDirectories(directory.resolve("adapter-data"));
    StringBuilder rows = new StringBuilder("id\tdocument\tlabel\n");
    for (int i = 0; i < 40; i++) {
      rows.append("%d\t%s %d\t%s\n".formatted(i, i % 2 == 0 ? "좋아요" : "싫어요", i, i % 2));
    }
    Files.writeString(data.resolve("train.tsv"), rows);
    Path recipe =
        Files.writeString(
            directory.resolve("adapter.yaml"),
            "model_name_or_path: %s\nmax_length: 16\nmax_steps: 1\nvalidation_share: 0.5\nthreads: 1\nlora: {}\n"
                .formatted(NAME));
    String output = directory.resolve("trained-adapter").toString();
    Result trained =
        run("train", "--recipe", recipe.toString(), "--data", data.toString(), "--output", output);
    assertEquals(0, trained.exitCode(), trained.err());
    JsonNode config = new ObjectMapper().readTree(Path.of(output, "adapter_config.json").toFile());
    assertEquals(NAME, config.get("base_model_name_or_path").textValue());
    assertTrue(config.get("revision").textValue().matches("[0-9a-f]{40}"), config.toString());
    Result answered = run("classify", "--offline", "--model", output, "좋아요");
    assertEquals(0, answered.exitCode(), answered.err());
    home = directory.resolve("nowhere");
    Result refused = run("classify", "--model", output, "좋아요");
    assertTrue(refused.err().contains("'nunchi models pull " + NAME + "'"), refused.err());
  }

  @Test
  void export_fromAName_carriesItsLicence() throws IOException {
    home = directory.resolve("export");
    Path output = directory.resolve("exported");
    Result exported = run("export", "--model", NAME, "--output", output.toString());
    assertEquals(0, exported.exitCode(), exported.err());
    Manifest manifest = manifest(output);
    assertEquals("tiny-bert", manifest.name());
    assertEquals(NAME, manifest.origin().provenance().get("source"));
    assertEquals("cc-by-sa-4.0", manifest.origin().provenance().get("license"));
  }

  @Test
  void model_directoryOfThatName_goesFirst() throws IOException {
    home = directory.resolve("none");
    Path local = Path.of("target", "models-command-test");
    Files.createDirectories(local);
    try {
      Result result = run("classify", "--model", local.toString(), "좋아요");
      assertTrue(result.err().contains(local + "/config.json is missing"), result.err());
    } finally {
      Files.delete(local);
    }
    Result slip = run("classify", "--model", local.toString(), "좋아요");
    assertEquals(
        "nunchi: %s is no directory; where a model of the hub is meant, 'nunchi models pull %s' fetches it\n"
            .formatted(local, local),
        slip.err());
    assertFalse(run("classify", "--model", "tiny-bert", "좋아요").err().contains("pulling"));
    try (Stream<Path> made = Files.list(directory)) {
      assertTrue(made.noneMatch(home::equals), "nothing was fetched");
    }
  }

  @Test
  void model_unusableSettings_areSaid() {
    Map<String, String> environment = environment();
    environment.put("HF_ENDPOINT", "not an address");
    Result result = run(environment, "classify", "--model", NAME, "좋아요");
    assertTrue(result.err().startsWith("nunchi: HF_ENDPOINT should be"), result.err());
  }

  private static Manifest manifest(Path path) {
    return ManifestFile.read(path).orElseThrow();
  }

  private Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    environment.put("HF_ENDPOINT", hub == null ? "" : hub.uri().toString());
    environment.put("HF_HOME", home.toString());
    environment.put("HOME", home.toString());
    return environment;
  }

  private Result run(String... arguments) {
    return run(environment(), arguments);
  }

  private static Result run(Map<String, String> environment, String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode = InProcess.run(environment, out, err, (Object[]) arguments);
    return new Result(exitCode, out.toString(), err.toString());
  }
}
