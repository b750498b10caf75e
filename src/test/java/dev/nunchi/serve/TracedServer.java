package dev.nunchi.serve;

import io.quarkus.test.junit.QuarkusTestProfile;
import jakarta.enterprise.inject.Alternative;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.eclipse.microprofile.config.ConfigProvider;

/// A server that traces its calls, to a collector over HTTP that the test opens, and logs them; it
/// serves what [GuardedServer] does, to everybody.
public class TracedServer implements QuarkusTestProfile {
  @Override
  public Map<String, String> getConfigOverrides() {
    try {
      Path log = Files.createTempDirectory("nunchi-traced").resolve("access.log");
      Map<String, String> settings = new HashMap<>(GuardedServer.accessLog(log));
      settings.put("otel.exporter.otlp.endpoint", "http://127.0.0.1:" + freePort());
      settings.put("otel.bsp.schedule.delay", "50");
      settings.put("otel.resource.attributes", "deployment.environment.name=test");
      return settings;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public Set<Class<?>> getEnabledAlternatives() {
    return Set.of(Models.class);
  }

  /// Those of [GuardedServer], which count for no other profile.
  @Alternative
  @Singleton
  static class Models {
    @Produces
    @Alternative
    @Singleton
    ModelRegistry models(ServeConfig config) {
      return new GuardedServer.Models().models(config);
    }
  }

  static int collectorPort() {
    String endpoint =
        ConfigProvider.getConfig().getValue("otel.exporter.otlp.endpoint", String.class);
    return Integer.parseInt(endpoint.substring(endpoint.lastIndexOf(':') + 1));
  }

  static Path accessLog() {
    return Path.of(ConfigProvider.getConfig().getValue("test.access-log", String.class));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
