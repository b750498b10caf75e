package dev.nunchi.serve;

import dev.nunchi.infer.TinyModel;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// Serves the tiny model under its own name, as the second model under the name `other`, and as the
/// third, under the name `context`, with an input template, and as the fourth under a Korean name.
public final class TinyModelResource implements QuarkusTestResourceLifecycleManager {
  static final String ADMIN_TOKEN = "admin-token-0123456789";

  @Override
  public Map<String, String> start() {
    try {
      Path temporary = Files.createTempDirectory("nunchi-test");
      Path directory = TinyModel.write(temporary.resolve("tiny"));
      Path withContext = TinyModel.writeWithContext(temporary.resolve("context"));
      Path admins = Files.writeString(temporary.resolve("admins"), ADMIN_TOKEN);
      return Map.of(
          "nunchi.auth.admin-tokens-file",
          admins.toString(),
          "nunchi.models[0].directory",
          directory.toString(),
          "nunchi.models[1].name",
          "other",
          "nunchi.models[1].directory",
          directory.toString(),
          "nunchi.models[2].name",
          "context",
          "nunchi.models[2].directory",
          withContext.toString(),
          "nunchi.models[3].name",
          "극장",
          "nunchi.models[3].directory",
          directory.toString(),
          "nunchi.device",
          "cpu",
          "nunchi.limits.max-text-bytes",
          "600");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void stop() {}
}
