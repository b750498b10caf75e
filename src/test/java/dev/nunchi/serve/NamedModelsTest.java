package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.NoFile;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.TinyModel;
import dev.nunchi.model.CopiedDirectory;
import dev.nunchi.model.Manifest;
import dev.nunchi.text.Truncation;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NamedModelsTest {
  @TempDir static Path shared;
  private static Path tiny = Path.of("");

  @TempDir private Path folder;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final NamedModels named = new NamedModels();
  private ModelOpener opener = new ModelOpener(CONFIG);
  private ModelRegistry models = new ModelRegistry(List.of());
  private ModelReload reload = new ModelReload(models, opener, new Metrics(meters));
  private Path link = Path.of("");

  private static final ServeConfig CONFIG =
      ServeConfig.from(
          new SmallRyeConfigBuilder()
              .withSources(new PropertiesConfigSource(Map.of("nunchi.device", "cpu"), "test", 100))
              .build());

  @BeforeAll
  static void write() {
    tiny = TinyModel.write(shared.resolve("tiny"));
  }

  @BeforeEach
  void open() throws IOException {
    CopiedDirectory.of(tiny, folder.resolve("v1"));
    link = Files.createSymbolicLink(folder.resolve("current"), Path.of("v1"));
    opener = new ModelOpener(CONFIG);
    models =
        new ModelRegistry(
            named.open(
                List.of(new ServeConfig.Source(Optional.of("movies"), link.toString())), opener));
    reload = new ModelReload(models, opener, new Metrics(meters));
    named.tell(reload);
  }

  @AfterEach
  void close() {
    models.close();
    opener.close();
  }

  @Test
  void look_linkLeadsElsewhere_servesWhatIsThere() throws IOException {
    ServedModel before = served();
    named.look(reload);
    named.look(reload);
    assertSame(before, served(), "nothing has changed");
    warmer(CopiedDirectory.of(tiny, folder.resolve("v2")));
    lead("v2");
    named.look(reload);
    assertSame(before, served(), "it may still change");
    named.look(reload);
    assertEquals(3, served().manifest().task().temperature());
    assertEquals(2, loads("served"));
    models.closeGone();
    before.classifier().encode("정말", Truncation.REJECT);
    models.closeGone();
    assertThrows(NunchiException.class, () -> before.classifier().encode("정말", Truncation.REJECT));
  }

  @Test
  void look_modelThatFailsItsProbe_leavesTheOldOneAndIsCounted() throws IOException {
    ServedModel before = served();
    Path broken = CopiedDirectory.of(tiny, folder.resolve("v2"));
    Files.delete(broken.resolve("tokenizer.json"));
    lead("v2");
    named.look(reload);
    named.look(reload);
    named.look(reload);
    assertSame(before, served());
    assertEquals(1, loads("refused"), "it is tried once");
    Files.copy(tiny.resolve("tokenizer.json"), broken.resolve("tokenizer.json"));
    named.look(reload);
    named.look(reload);
    assertNotEquals(before, served());
  }

  @Test
  void look_filesWrittenOver_servesThem() throws IOException {
    warmer(folder.resolve("v1"));
    named.look(reload);
    named.look(reload);
    assertEquals(3, served().manifest().task().temperature());
  }

  @Test
  void look_directoryGone_leavesWhatIsServed() throws IOException {
    ServedModel before = served();
    Files.delete(link);
    named.look(reload);
    named.look(reload);
    assertSame(before, served());
    assertEquals(1, loads("refused"));
  }

  @ParameterizedTest
  @EnumSource
  @Timeout(60)
  void look_noFileUnderAFilesName_leavesTheOldOne(NoFile kind) throws Exception {
    ServedModel before = served();
    kind.put(CopiedDirectory.of(tiny, folder.resolve("v2")).resolve(Manifest.FILE_NAME));
    lead("v2");
    named.look(reload);
    named.look(reload);
    assertSame(before, served());
    assertEquals(1, loads("refused"));
  }

  @Test
  void again_name_opensItAnewThoughNothingChanged() {
    ServedModel before = served();
    assertNotEquals(before, reload.again("movies"));
    assertNotEquals(before, served());
    NunchiException unknown = assertThrows(NunchiException.class, () -> reload.again("others"));
    assertEquals(Reason.MODEL_NOT_FOUND, unknown.reason());
  }

  private ServedModel served() {
    return models.find("model", "movies");
  }

  private double loads(String outcome) {
    return meters.counter("nunchi.model.loads", "model", "movies", "outcome", outcome).count();
  }

  private void lead(String version) throws IOException {
    Path next = Files.createSymbolicLink(folder.resolve("next"), Path.of(version));
    Files.move(next, link, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void warmer(Path directory) throws IOException {
    Path file = directory.resolve(Manifest.FILE_NAME);
    Files.writeString(
        file, Files.readString(file).replaceFirst("\"temperature\" *: *2.0", "\"temperature\": 3"));
  }
}
