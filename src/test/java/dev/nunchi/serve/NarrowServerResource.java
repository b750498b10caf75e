package dev.nunchi.serve;

import dev.nunchi.infer.TinyModel;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.util.Map;

/// Serves the tiny model with one thread, 4 places in its queue, 2 streams and 8 items in each, and
/// with a port for health, without the playground.
public final class NarrowServerResource implements QuarkusTestResourceLifecycleManager {
  @Override
  public Map<String, String> start() {
    try {
      return Map.of(
          "nunchi.models[0].directory",
          TinyModel.write(Files.createTempDirectory("nunchi-test").resolve("tiny")).toString(),
          "nunchi.device",
          "cpu",
          "nunchi.threads",
          "1",
          "nunchi.playground",
          "false",
          "nunchi.queue-size",
          "4",
          "nunchi.limits.max-streams",
          "2",
          "nunchi.limits.max-stream-items",
          "8",
          "nunchi.health-port",
          Integer.toString(freePort()));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void stop() {}
}
