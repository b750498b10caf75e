package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.nunchi.NunchiException;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jose4j.jwk.JsonWebKeySet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class IssuerClientTest {
  private static final String KEYS = new JsonWebKeySet(TestTokens.ecKey("one")).toJson();

  @TempDir private Path directory;

  private final Vertx vertx = Vertx.vertx();
  private HttpServer server;
  private String origin;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
    origin = "http://127.0.0.1:" + server.getAddress().getPort();
    on("/keys", KEYS);
    on("/text", "keys");
    on("/none", "{}");
  }

  @AfterEach
  void stop() throws Exception {
    server.stop(0);
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @Test
  void keys_byDiscovery_areThoseOfTheAddressThere() throws Exception {
    discovery("{\"issuer\": \"%s\", \"jwks_uri\": \"%s/keys\"}".formatted(origin, origin));
    assertEquals(1, client(Optional.empty()).keys().get(10, TimeUnit.SECONDS).size());
  }

  @Test
  void keys_byAnAddress_needNoDiscovery() throws Exception {
    assertEquals(1, client(Optional.of("/keys")).keys().get(10, TimeUnit.SECONDS).size());
  }

  @Test
  void keys_discoveryOfNoUse_failsInWords() {
    fails("cannot be fetched (the answer is 404)", Optional.empty());
    discovery(
        "{\"issuer\": \"https://elsewhere.example\", \"jwks_uri\": \"%s/keys\"}".formatted(origin));
    fails("is of another issuer than nunchi.oidc.issuer", Optional.empty());
    discovery("{\"issuer\": \"%s/\", \"jwks_uri\": \"%s/keys\"}".formatted(origin, origin));
    fails("is of another issuer than nunchi.oidc.issuer", Optional.empty());
    discovery("{\"issuer\": \"%s\"}".formatted(origin));
    fails("names no jwks_uri with https", Optional.empty());
    discovery("{\"issuer\": \"%s\", \"jwks_uri\": \"http://id.example/keys\"}".formatted(origin));
    fails("names no jwks_uri with https", Optional.empty());
    discovery("{\"issuer\": \"%s\", \"jwks_uri\": \"file:///etc/passwd\"}".formatted(origin));
    fails("names no jwks_uri with https", Optional.empty());
    discovery("issuer");
    fails("is no discovery document", Optional.empty());
  }

  @Test
  void keys_answerOfNoUse_failsInWords() {
    fails("is no set of keys (JWKS)", Optional.of("/text"));
    fails("is no set of keys (JWKS)", Optional.of("/none"));
    on("/large", " ".repeat(2 << 20));
    fails("the answer has more than 1048576 bytes", Optional.of("/large"));
    server.createContext(
        "/elsewhere",
        exchange -> {
          exchange.getResponseHeaders().set("location", origin + "/keys");
          answer(exchange, 302, "");
        });
    fails("the answer is 302", Optional.of("/elsewhere"));
  }

  /// One that never ends is given up in time.
  @Test
  void keys_drops_failInTime() {
    server.createContext(
        "/drops",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          try {
            for (int i = 0; i < 100; i++) {
              exchange.getResponseBody().write(' ');
              exchange.getResponseBody().flush();
              Thread.sleep(200);
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    long began = System.nanoTime();
    fails("did not answer within 5000 ms", Optional.of("/drops"));
    assertTrue(System.nanoTime() - began < TimeUnit.SECONDS.toNanos(9));
  }

  @Test
  void keys_nobodyThere_failsInWords() {
    server.stop(0);
    fails("/keys cannot be fetched (", Optional.of("/keys"));
  }

  @Test
  void keys_overTls_needAnAuthorityThatIsTrusted() throws Exception {
    TestAuthority authority = new TestAuthority("authority");
    authority.write(directory.resolve("authority.pem"));
    new TestAuthority("stranger").write(directory.resolve("stranger.pem"));
    TestAuthority.Issued own = authority.issue(directory, "server");
    int port =
        vertx
            .createHttpServer(
                new HttpServerOptions()
                    .setSsl(true)
                    .setKeyCertOptions(
                        new PemKeyCertOptions()
                            .setCertPath(own.certificate().toString())
                            .setKeyPath(own.key().toString())))
            .requestHandler(request -> request.response().end(KEYS))
            .listen(0, "localhost")
            .toCompletionStage()
            .toCompletableFuture()
            .get(10, TimeUnit.SECONDS)
            .actualPort();
    String url = "https://localhost:%d/keys".formatted(port);
    assertEquals(
        1,
        client(url, Optional.of(directory.resolve("authority.pem")))
            .keys()
            .get(10, TimeUnit.SECONDS)
            .size());
    for (Optional<Path> other :
        List.of(Optional.<Path>empty(), Optional.of(directory.resolve("stranger.pem")))) {
      assertThrows(
          ExecutionException.class, () -> client(url, other).keys().get(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void authorities_fileOfNoUse_keepsTheServerFromStarting() {
    ServeConfig config =
        ServeConfig.from(
            new SmallRyeConfigBuilder()
                .withSources(
                    new PropertiesConfigSource(
                        Map.of(
                            "nunchi.oidc.issuer", "https://id.example",
                            "nunchi.oidc.audience", "nunchi",
                            "nunchi.oidc.ca-file", directory.resolve("none.pem").toString()),
                        "test",
                        100))
                .build());
    NunchiException refused = assertThrows(NunchiException.class, () -> new Oidc(vertx, config));
    assertTrue(
        refused.getMessage().endsWith("none.pem cannot be used: it does not exist"),
        refused.getMessage());
  }

  private void fails(String why, Optional<String> path) {
    ExecutionException failed =
        assertThrows(ExecutionException.class, () -> client(path).keys().get(20, TimeUnit.SECONDS));
    String said = String.valueOf(failed.getCause());
    assertTrue(said.contains(why), said);
  }

  private IssuerClient client(Optional<String> path) {
    return new IssuerClient(vertx, settings(path.map(each -> origin + each), Optional.empty()));
  }

  private IssuerClient client(String url, Optional<Path> authorities) {
    return new IssuerClient(vertx, settings(Optional.of(url), authorities));
  }

  private OidcSettings settings(Optional<String> url, Optional<Path> authorities) {
    return new OidcSettings(
        URI.create(origin),
        "nunchi",
        url.map(URI::create),
        authorities,
        Optional.empty(),
        Duration.ofMinutes(5));
  }

  private void discovery(String document) {
    String path = "/.well-known/openid-configuration";
    try {
      server.removeContext(path);
    } catch (IllegalArgumentException e) {
      // There was none.
    }
    on(path, document);
  }

  private void on(String path, String body) {
    server.createContext(path, exchange -> answer(exchange, 200, body));
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    if (bytes.length > 0) {
      exchange.getResponseBody().write(bytes);
    }
    exchange.close();
  }
}
