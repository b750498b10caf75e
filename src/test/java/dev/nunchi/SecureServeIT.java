package dev.nunchi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What `serve` says of tokens and certificates that it cannot use; that it serves with those that
/// it can is shown by `dev.nunchi.serve.TlsServeIT`.
class SecureServeIT {
  private static final long PATIENCE_SECONDS = 60;

  @TempDir private Path directory;

  @Test
  void serve_tokensOfNoUse_exitsWithTheReason() throws Exception {
    Path tokens = Files.writeString(directory.resolve("tokens"), "too-short\n");
    String err = refused("serve", "--port", "0", "--tokens", tokens.toString());
    assertEquals(
        "nunchi: The file of tokens %s cannot be used: the token on line 1 has fewer than 16 characters"
            .formatted(tokens),
        err.lines().filter(line -> line.startsWith("nunchi:")).findFirst().orElse(err));
    assertFalse(err.contains("too-short"), err);
    Path none = directory.resolve("none");
    err = refused("serve", "--port", "0", "--tokens", none.toString());
    assertTrue(
        err.contains("The file of tokens %s cannot be used: it does not exist".formatted(none)));
  }

  @Test
  void serve_certificateOfNoUse_exitsWithTheReason() throws Exception {
    Path key = Files.writeString(directory.resolve("key"), "nothing");
    String err =
        refused(
            "serve",
            "--tls-cert",
            directory.resolve("none").toString(),
            "--tls-key",
            key.toString());
    assertEquals(
        "nunchi: The TLS certificate %s cannot be used: it does not exist\n"
            .formatted(directory.resolve("none")),
        err);
    err = refused("serve", "--tls-cert", key.toString(), "--tls-key", key.toString());
    assertEquals(
        "nunchi: The TLS certificate %s cannot be used: it holds no '-----BEGIN CERTIFICATE-----'\n"
            .formatted(key),
        err);
  }

  private String refused(String... arguments) throws Exception {
    Path log = directory.resolve("log");
    Process server =
        PackagedApplication.serving(arguments)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      assertTrue(server.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "it ends");
      assertEquals(1, server.exitValue());
      return Files.readString(log, StandardCharsets.UTF_8);
    } finally {
      server.destroyForcibly();
    }
  }
}
