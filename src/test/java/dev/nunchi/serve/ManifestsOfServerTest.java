package dev.nunchi.serve;

import static io.restassured.RestAssured.given;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.kubernetes.ServerNames;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.Test;

/// What the manifests in `k8s/` ask of the server, asked of the server.
@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
class ManifestsOfServerTest {
  @Test
  void paths_ofProbesRoutesAndPrometheus_areAnswered() {
    Set<String> paths = ServerNames.paths();
    assertTrue(
        paths.containsAll(
            List.of("GET /q/health/ready", "GET /q/metrics", "POST /v1/classify:batch")),
        paths.toString());
    for (String path : paths) {
      String[] call = path.split(" ");
      int status =
          given()
              .urlEncodingEnabled(false)
              .contentType("application/json; charset=UTF-8")
              .body("{}")
              .request(call[0], call[1])
              .statusCode();
      assertFalse(Set.of(404, 405, 500).contains(status), path + " is " + status);
    }
  }

  @Test
  void metrics_ofTheJvmThatManifestsAskFor_areThere() {
    String metrics = given().get("/q/metrics").asString();
    for (String name : ServerNames.METRICS_OF_JVM) {
      assertTrue(metrics.contains("\n" + name), name);
    }
  }

  @Test
  void settings_ofEveryOverlay_areTaken() {
    for (Path overlay : ServerNames.overlays()) {
      Map<String, String> settings = ServerNames.settingsOf(overlay);
      ServeConfig.from(
          new SmallRyeConfigBuilder()
              .withSources(new PropertiesConfigSource(settings, overlay.toString(), 500))
              .build());
    }
  }

  @Test
  void defaults_thatManifestsCountOn_areTheServers() {
    assertTrue(
        ConfigProvider.getConfig()
            .getValue("quarkus.shutdown.timeout", String.class)
            .equals("20S"));
    assertTrue(
        ServeConfig.from(new SmallRyeConfigBuilder().build())
            .restTimeout()
            .equals(ServerNames.REST_TIMEOUT));
  }
}
