package dev.nunchi.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubSettingsTest {
  @TempDir private Path home;

  @Test
  void of_nothing_isAsHuggingfaceHub() {
    HubSettings settings = of(Map.of());
    assertEquals(URI.create("https://huggingface.co"), settings.endpoint());
    assertEquals(home.resolve(".cache/huggingface/hub"), settings.cache());
    assertEquals(home.resolve(".cache/nunchi/models"), settings.store());
    assertEquals(home.resolve(".docker/config.json"), settings.dockerConfig());
    assertEquals(Duration.ofSeconds(10), settings.silence());
    assertEquals(null, settings.token());
    assertFalse(settings.offline());
  }

  @Test
  void of_cacheVariables_theNearerGoesFirst() {
    assertEquals(home.resolve("x/huggingface/hub"), cache("XDG_CACHE_HOME"));
    assertEquals(home.resolve("x/hub"), cache("XDG_CACHE_HOME", "HF_HOME"));
    assertEquals(home.resolve("x"), cache("HF_HOME", "HUGGINGFACE_HUB_CACHE"));
    assertEquals(home.resolve("x"), cache("HF_HOME", "HF_HUB_CACHE"));
    assertEquals(
        home.resolve("there"), of(Map.of("HF_HUB_CACHE", "~/there", "HF_HOME", "/x")).cache());
  }

  /// The pod's init container fetches a model into the volume that its server reads.
  @Test
  void of_settingsOfTheObjectStoreOverlay_keepArchivesInTheMountedVolume() throws IOException {
    Map<String, String> variables = new HashMap<>();
    for (String line :
        Files.readAllLines(Path.of("k8s/components/model-object-store/kustomization.yaml"))) {
      String setting = line.strip().replaceFirst("^- ", "");
      int equals = setting.indexOf('=');
      if (setting.matches("[A-Z_]+=.*")) {
        variables.put(setting.substring(0, equals), setting.substring(equals + 1));
      }
    }
    assertTrue(variables.containsKey("MODEL"), variables.toString());
    assertTrue(of(variables).store().startsWith("/models"), of(variables).store().toString());
  }

  private Path cache(String... names) {
    Map<String, String> variables = new HashMap<>();
    for (String name : names) {
      variables.put(name, home.resolve("x").toString());
    }
    return of(variables).cache();
  }

  @Test
  void of_token_isTheVariableElseTheFile() throws IOException {
    Path folder = Files.createDirectories(home.resolve(".cache/huggingface"));
    Files.writeString(folder.resolve("token"), "hf_file\n");
    assertEquals("hf_file", of(Map.of()).token());
    assertEquals("hf_file", of(Map.of("HF_TOKEN", " ")).token());
    assertEquals("hf_x", of(Map.of("HF_TOKEN", "hf_x ")).token());
    assertEquals(null, of(Map.of("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")).token());
    Path other = Files.writeString(home.resolve("other"), "hf_other");
    assertEquals("hf_other", of(Map.of("HF_TOKEN_PATH", other.toString())).token());
    assertFalse(of(Map.of("HF_TOKEN", "hf_x")).toString().contains("hf_x"));
  }

  @Test
  void of_offline_isWhatHuggingfaceHubTakesForTrue() {
    for (String value : List.of("1", "ON", "yes", "True")) {
      assertTrue(of(Map.of("HF_HUB_OFFLINE", value)).offline(), value);
    }
    assertFalse(of(Map.of("HF_HUB_OFFLINE", "0")).offline());
    assertTrue(of(Map.of("TRANSFORMERS_OFFLINE", "1")).offline());
    assertTrue(of(Map.of()).withoutNetwork().offline());
  }

  @Test
  void of_nonsense_isRefusedByName() {
    Map<String, String> wrong =
        Map.of(
            "HF_ENDPOINT", "huggingface.co",
            "HF_HUB_DOWNLOAD_TIMEOUT", "soon",
            "HF_TOKEN", "two words");
    wrong.forEach((name, value) -> {
      NunchiException e = assertThrows(NunchiException.class, () -> of(Map.of(name, value)));
      assertTrue(e.getMessage().startsWith(name), e::getMessage);
    });
    assertEquals(
        URI.create("http://127.0.0.1:8000/hf"),
        of(Map.of("HF_ENDPOINT", "http://127.0.0.1:8000/hf/")).endpoint());
  }

  private HubSettings of(Map<String, String> variables) {
    Map<String, String> all = new HashMap<>(variables);
    all.put("HOME", home.toString());
    return HubSettings.of(all);
  }
}
