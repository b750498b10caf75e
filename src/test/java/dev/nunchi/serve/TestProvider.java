package dev.nunchi.serve;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwk.PublicJsonWebKey;

/// An identity provider on the loopback interface: what it answers lies in a directory, so that
/// tests can change it from another class loader. A file `down` there has it answer 503; each fetch
/// of the keys adds a character to the file `fetches`.
final class TestProvider implements AutoCloseable {
  private final HttpServer server;

  private TestProvider(HttpServer server) {
    this.server = server;
  }

  /// @param port 0 for any
  static TestProvider start(Path directory, int port) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    TestProvider provider = new TestProvider(server);
    server.createContext(
        "/realm/.well-known/openid-configuration",
        exchange ->
            answer(
                directory,
                exchange,
                "{\"issuer\": \"%s\", \"jwks_uri\": \"%s/keys\", \"more\": []}"
                    .formatted(provider.issuer(), provider.issuer())));
    server.createContext(
        "/realm/keys",
        exchange -> {
          Files.writeString(
              directory.resolve("fetches"),
              "1",
              StandardOpenOption.CREATE,
              StandardOpenOption.APPEND);
          answer(directory, exchange, Files.readString(directory.resolve("jwks.json")));
        });
    server.start();
    return provider;
  }

  String issuer() {
    return issuer(server.getAddress().getPort());
  }

  static String issuer(int port) {
    return "http://127.0.0.1:%d/realm".formatted(port);
  }

  static long fetches(Path directory) throws IOException {
    Path file = directory.resolve("fetches");
    return Files.exists(file) ? Files.size(file) : 0;
  }

  /// What it publishes from now on: their public parts.
  static void publish(Path directory, PublicJsonWebKey... keys) throws IOException {
    Path next = directory.resolve("next.json");
    Files.writeString(next, new JsonWebKeySet(List.of(keys)).toJson());
    Files.move(next, directory.resolve("jwks.json"), StandardCopyOption.REPLACE_EXISTING);
  }

  private static void answer(Path directory, HttpExchange exchange, String body)
      throws IOException {
    boolean down = Files.exists(directory.resolve("down"));
    if (Files.exists(directory.resolve("slow"))) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(400));
    }
    byte[] bytes = (down ? "down" : body).getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("content-type", "application/json");
    exchange.sendResponseHeaders(down ? 503 : 200, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
