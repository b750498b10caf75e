package dev.nunchi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The images' files against each other and against what docs/images.md promises to manifests.
class ImageTest {
  @Test
  void config_ofTheServingImage_isWhatManifestsRelyOn() throws Exception {
    JsonNode config = config("serving");
    String said = config.toString();
    assertEquals("1001:0", config.path("User").asText());
    assertEquals("/opt/nunchi", config.path("WorkingDir").asText());
    assertTrue(config.path("ExposedPorts").has("8080/tcp"), said);
    assertEquals("SIGTERM", config.path("StopSignal").asText());
    assertEquals("[\"serve\"]", config.path("Cmd").toString());
    assertEquals(
        "[\"/opt/java/bin/java\",\"@/opt/nunchi/java.args\"]",
        config.path("Entrypoint").toString());
    assertTrue(config.path("Env").toString().contains("\"NUNCHI_HOME=/opt/nunchi\""), said);
  }

  @Test
  void config_ofTheTrainingImage_isThatOfItsFile() throws Exception {
    JsonNode config = config("training");
    String said = config.toString();
    assertEquals("1001:0", config.path("User").asText());
    assertEquals("[\"--help\"]", config.path("Cmd").toString());
    assertEquals("java", config.path("Entrypoint").path(0).asText());
    assertTrue(
        config.path("Entrypoint").toString().contains("/opt/nunchi/training/*"), config::toString);
    assertTrue(said.contains("\"NUNCHI_CACHE=/tmp/nunchi\""), said);
    assertFalse(config.has("ExposedPorts"), said);
  }

  /// Without a container engine the script lays out what the file copies.
  @Test
  void trainingImage_byTheScriptAndByItsFile_hasTheSameFolders() throws IOException {
    String scripts =
        Files.readString(Path.of("src/image/training"))
            + Files.readString(Path.of("src/image/parts"));
    List<String> copied =
        lastStage("Dockerfile.training").stream()
            .filter(line -> line.startsWith("COPY "))
            .flatMap(line -> Pattern.compile("/opt/nunchi/(\\w+)/").matcher(line).results())
            .map(found -> found.group(1))
            .toList();
    assertEquals(List.of("training", "app", "models"), copied);
    for (String folder : copied) {
      assertTrue(scripts.contains("\"$nunchi/" + folder + "\""), folder);
    }
  }

  private static JsonNode config(String image) throws IOException, InterruptedException {
    Process script =
        new ProcessBuilder("src/image/" + image, "--config").redirectErrorStream(true).start();
    String said = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, script.waitFor(), said);
    return new JsonMapper().readTree(said);
  }

  @Test
  void servingImage_isLaidOutByTheScriptAlone() throws IOException {
    List<String> last = lastStage("Dockerfile");
    assertEquals("FROM scratch", last.getFirst());
    assertEquals(
        List.of("COPY --from=build /image/ /"),
        last.stream().filter(line -> line.matches("(COPY|RUN|ADD) .*")).toList());
    assertTrue(
        Files.readString(Path.of("Dockerfile")).contains("\nRUN src/image/serving /image\n"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"src/image/parts", "Dockerfile.training", "Dockerfile.native"})
  void image_any_carriesTheLicences(String file) throws IOException {
    assertTrue(
        Files.readAllLines(Path.of(file)).stream()
            .anyMatch(line -> line.strip().matches("(cp|COPY) .*LICENSE\\b.*NOTICE\\b.*")),
        file);
    assertTrue(
        Files.readAllLines(Path.of(".dockerignore")).containsAll(List.of("!LICENSE", "!NOTICE")));
  }

  @Test
  void java_inTheImageAndByTheLauncher_takesTheSameOptions() throws IOException {
    String script = Files.readString(Path.of("src/image/serving"));
    String launcher = Files.readString(Path.of("nunchi"));
    for (String option :
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "-XX:+UseSerialGC",
            "-XX:ArchiveRelocationMode=0",
            "io.quarkus.bootstrap.runner.AotQuarkusEntryPoint")) {
      assertTrue(script.contains("\n" + option + "\n"), option);
      assertTrue(launcher.contains(option), option);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Dockerfile", "Dockerfile.training", "Dockerfile.native"})
  void image_userFolderAndSignal_areTheSameInAll(String file) throws IOException {
    List<String> last = lastStage(file);
    for (String line :
        List.of(
            "USER 1001:0",
            "WORKDIR /opt/nunchi",
            "STOPSIGNAL SIGTERM",
            "ENV NUNCHI_HOME=/opt/nunchi",
            "ENV LC_ALL=C.UTF-8",
            "ENV ORT_DISABLE_TELEMETRY=1",
            "ENV OPT_OUT_TRACKING=true")) {
      assertTrue(last.contains(line), () -> "%s has no %s".formatted(file, line));
    }
    assertEquals(!file.equals("Dockerfile.training"), last.contains("EXPOSE 8080"));
    assertTrue(
        Files.readString(Path.of("docs/images.md")).contains("| `%s` |".formatted(file)), file);
  }

  private static List<String> lastStage(String file) throws IOException {
    List<String> lines = Files.readAllLines(Path.of(file));
    int from = 0;
    for (int i = 0; i < lines.size(); i++) {
      from = lines.get(i).startsWith("FROM ") ? i : from;
    }
    return lines.subList(from, lines.size());
  }
}
