package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.PackagedApplication;
import dev.nunchi.serve.SecureClient.Outcome;
import dev.nunchi.serve.TestAuthority.Issued;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The packaged server with mutual TLS, tokens and an access log, from its options alone.
class TlsServeIT {
  private static final long PATIENCE_SECONDS = 60;

  @TempDir private Path directory;

  @Test
  void serve_everyOptionOfSecurity_isInForce() throws Exception {
    TestAuthority authority = new TestAuthority("authority");
    Path trusted = authority.write(directory.resolve("authority.pem"));
    Issued own = authority.issue(directory, "server");
    Issued caller = authority.issue(directory, "client");
    Path tokens = Files.writeString(directory.resolve("tokens"), GuardedServer.TOKEN);
    Path calls = directory.resolve("calls.jsonl");
    int port = freePort();
    Process server =
        PackagedApplication.serving(
                "serve",
                "--port=" + port,
                "--tokens=" + tokens,
                "--tls-cert=" + own.certificate(),
                "--tls-key=" + own.key(),
                "--tls-client-ca=" + trusted,
                "--access-log=" + calls)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log").toFile())
            .start();
    try {
      SecureClient right = new SecureClient(port, Optional.of(trusted), Optional.of(caller));
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      while (right.grpc(true, null) != Outcome.OK) {
        assertTrue(server.isAlive() && System.nanoTime() < end, log());
        Thread.sleep(200);
      }
      String header = "Bearer " + GuardedServer.TOKEN;
      assertEquals(Outcome.OK, right.grpc(false, header));
      assertEquals(Outcome.OK, right.rest(false, header));
      assertEquals(Outcome.UNAUTHENTICATED, right.rest(false, "Bearer wrong-token-0123456789"));
      assertEquals(
          Outcome.NO_CONNECTION,
          new SecureClient(port, Optional.of(trusted), Optional.empty()).grpc(false, header));
      assertEquals(
          Outcome.NO_CONNECTION,
          new SecureClient(port, Optional.empty(), Optional.empty()).rest(false, header));
      List<String> lines = Files.readAllLines(calls);
      assertEquals(3, lines.size(), lines.toString());
      assertTrue(lines.getFirst().contains("\"code\":\"OK\""), lines.toString());
      assertTrue(log().contains("at https://localhost:" + port), log());
      server.destroy();
      assertTrue(server.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "SIGTERM ends it");
    } finally {
      server.destroyForcibly();
    }
  }

  private String log() throws Exception {
    return Files.readString(directory.resolve("log"));
  }

  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
