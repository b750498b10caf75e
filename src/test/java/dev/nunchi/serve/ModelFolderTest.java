package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.Deadline;
import dev.nunchi.infer.RandomAdapter;
import dev.nunchi.infer.TinyModel;
import dev.nunchi.model.CopiedDirectory;
import dev.nunchi.model.Precision;
import dev.nunchi.text.Truncation;
import grpc.health.v1.HealthOuterClass.HealthCheckResponse.ServingStatus;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.grpc.runtime.health.GrpcHealthStorage;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ModelFolderTest {
  private static final String SERVICE = "nunchi.sentiment.v1.SentimentService/";

  @TempDir static Path shared;

  /// With three labels and with two.
  private static Path three = Path.of("");

  private static Path two = Path.of("");
  private static Path base = Path.of("");

  @TempDir private Path folder;
  private final GrpcHealthStorage health = new GrpcHealthStorage();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final ModelRegistry models = new ModelRegistry(List.of());
  private final Metrics metrics = new Metrics(meters);
  private final Classification classification =
      new Classification(
          models, new Limits(100, 6, 1000, 4, 4, 8), Allowances.unlimited(), metrics);
  private ModelOpener opener = new ModelOpener(config(List.of()));
  private ModelFolder watched =
      new ModelFolder(shared, models, new ModelReload(models, opener, metrics));

  @BeforeAll
  static void write() {
    three = RandomAdapter.of(3, 8, "query", "value").write(shared.resolve("three"));
    two = RandomAdapter.of(2, 4, "query").write(shared.resolve("two"));
    base = RandomAdapter.exportBase(three, shared.resolve("base"), Precision.FP32);
  }

  @BeforeEach
  void open() {
    opener = new ModelOpener(config(List.of(base)));
    watched = new ModelFolder(folder, models, new ModelReload(models, opener, metrics));
    metrics.observe(models);
    models.observe(new ModelHealth(models, health, new LongCalls(), Oidc.off()));
  }

  @AfterEach
  void close() {
    models.close();
    opener.close();
  }

  @Test
  void look_adaptersComeAndGo_areServedByTheNamesOfTheirDirectories() throws IOException {
    CopiedDirectory.of(three, folder.resolve("영화"));
    Files.createDirectory(folder.resolve(".hidden"));
    watched.open();
    assertEquals(List.of("영화"), names());
    assertEquals(3, labels("영화"));
    assertEquals(ServingStatus.SERVING, health.getStatuses().get(SERVICE + "영화"));
    CopiedDirectory.of(two, folder.resolve("reviews"));
    watched.look();
    assertEquals(List.of("영화"), names(), "its files may be on their way");
    watched.look();
    assertEquals(List.of("영화", "reviews"), names());
    assertEquals(2, labels("reviews"));
    assertTrue(models.isDefault(models.find("model", "")), "the first stays the default");
    assertEquals(1, meters.find("nunchi.queue.size").tag("model", "reviews").gauges().size());
    delete(folder.resolve("reviews"));
    watched.look();
    assertEquals(List.of("영화"), names());
    NunchiException gone =
        assertThrows(NunchiException.class, () -> models.find("model", "reviews"));
    assertEquals(Reason.MODEL_NOT_FOUND, gone.reason());
    assertFalse(health.getStatuses().containsKey(SERVICE + "reviews"));
    assertTrue(
        meters.getMeters().stream()
            .noneMatch(meter -> "reviews".equals(meter.getId().getTag("model"))));
    delete(folder.resolve("영화"));
    watched.look();
    assertEquals(
        "No model is served now",
        assertThrows(NunchiException.class, () -> models.find("model", "")).getMessage());
  }

  @Test
  void look_adapterIsReplaced_servesTheNewOneWhileCallsGoOn() throws Exception {
    Path movies = CopiedDirectory.of(three, folder.resolve("movies"));
    CopiedDirectory.of(two, folder.resolve("others"));
    watched.open();
    AtomicBoolean stop = new AtomicBoolean();
    CompletableFuture<Integer> calls =
        CompletableFuture.supplyAsync(() -> {
          int answered = 0;
          for (; !stop.get(); answered++) {
            classify(answered % 2 == 0 ? "movies" : "others").join();
          }
          return answered;
        });
    for (Path next : List.of(two, three, two)) {
      Path beside = CopiedDirectory.of(next, folder.resolve(".next"));
      delete(movies);
      Files.move(beside, movies);
      watched.look();
      watched.look();
      assertEquals(labelsOf(next), labels("movies"));
    }
    stop.set(true);
    assertTrue(calls.join() > 0);
    assertEquals(List.of("movies", "others"), names());
  }

  @Test
  void look_whatCannotBeOpened_leavesWhatIsServed() throws IOException {
    Path movies = CopiedDirectory.of(three, folder.resolve("movies"));
    CopiedDirectory.of(two, folder.resolve("no name!"));
    watched.open();
    assertEquals(List.of("movies"), names());
    Files.writeString(movies.resolve("adapter_config.json"), "{}");
    watched.look();
    watched.look();
    assertEquals(List.of("movies"), names());
    assertEquals(3, classify("movies").join().scores().size());
  }

  @Test
  void open_modelsOfOtherKinds_areServedToo() throws IOException {
    TinyModel.write(folder.resolve("whole"));
    CopiedDirectory.of(two, folder.resolve("two"));
    watched.open();
    assertEquals(List.of("two", "whole"), names());
  }

  @Test
  void open_aNameThatIsServedAlready_isLeftToWhoHasIt() throws IOException {
    models.put(opener.open("two", three));
    CopiedDirectory.of(two, folder.resolve("two"));
    watched.open();
    assertEquals(3, labels("two"));
  }

  @Test
  void open_noDirectory_isRefused() {
    ModelFolder nowhere =
        new ModelFolder(
            folder.resolve("nowhere"), models, new ModelReload(models, opener, metrics));
    NunchiException refused = assertThrows(NunchiException.class, nowhere::open);
    assertTrue(String.valueOf(refused.getMessage()).contains("nowhere is no directory"));
  }

  private CompletableFuture<Answer> classify(String model) {
    return classification.classify(
        new Query(
            "정말 좋아요", model, "", Truncation.REJECT, 0, OptionalDouble.empty(), OptionalInt.empty()),
        Deadline.NONE);
  }

  private int labels(String model) {
    return classify(model).join().scores().size();
  }

  private static int labelsOf(Path adapter) {
    return adapter.equals(two) ? 2 : 3;
  }

  private List<String> names() {
    return models.all().stream().map(ServedModel::name).toList();
  }

  private static void delete(Path directory) throws IOException {
    for (Path file : CopiedDirectory.entries(directory)) {
      Files.delete(file);
    }
    Files.delete(directory);
  }

  private static ServeConfig config(List<Path> bases) {
    Map<String, String> settings =
        bases.isEmpty()
            ? Map.of("nunchi.device", "cpu")
            : Map.of("nunchi.device", "cpu", "nunchi.bases[0]", bases.getFirst().toString());
    return ServeConfig.from(
        new SmallRyeConfigBuilder()
            .withSources(new PropertiesConfigSource(settings, "test", 100))
            .build());
  }
}
