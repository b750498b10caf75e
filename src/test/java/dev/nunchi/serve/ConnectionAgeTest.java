package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A server that answers when the test says so, and whose connections are old after a fifth of a
/// second.
@Timeout(30)
class ConnectionAgeTest {
  private static final long OLD_MILLIS = 400;

  private final Vertx vertx = Vertx.vertx();
  private final LinkedBlockingQueue<RoutingContext> calls = new LinkedBlockingQueue<>();
  private HttpServer server;

  @BeforeEach
  void listen() throws Exception {
    ConnectionAge age =
        new ConnectionAge(
            ServeConfig.from(
                new SmallRyeConfigBuilder()
                    .withSources(
                        new PropertiesConfigSource(
                            Map.of("nunchi.connection-age", "0.2S"), "test", 500))
                    .build()),
            vertx);
    Router router = Router.router(vertx);
    router.route().handler(age::enter);
    router.route().handler(calls::add);
    server = get(vertx.createHttpServer().requestHandler(router).listen(0));
  }

  @AfterEach
  void stop() throws Exception {
    get(vertx.close());
  }

  @Test
  void http2_old_isToldToGoAndKeepsTheCallsThatItHas() throws Exception {
    HttpClient client = client(HttpVersion.HTTP_2);
    HttpClientRequest request = request(client);
    CountDownLatch told = new CountDownLatch(1);
    HttpConnection connection = request.connection();
    connection.goAwayHandler(_ -> told.countDown());
    Future<String> answer = request.send().compose(HttpClientResponse::body).map(Buffer::toString);
    RoutingContext call = calls.take();
    assertTrue(told.await(10, TimeUnit.SECONDS));
    Thread.sleep(OLD_MILLIS);
    assertFalse(answer.isComplete());
    call.vertx().runOnContext(_ -> call.end("answer"));
    assertEquals("answer", get(answer));
    assertFalse(connection == request(client).connection());
  }

  @Test
  void http1_old_endsWithItsNextAnswer() throws Exception {
    HttpClient client = client(HttpVersion.HTTP_1_1);
    assertEquals("keep", ask(client));
    Thread.sleep(OLD_MILLIS);
    assertEquals("close", ask(client));
    assertEquals("keep", ask(client));
  }

  @Test
  void jittered_manyConnections_differByATenthEitherWay() {
    long least = Long.MAX_VALUE;
    long most = 0;
    for (int i = 0; i < 1000; i++) {
      long age = ConnectionAge.jittered(Duration.ofSeconds(30)).toMillis();
      least = Math.min(least, age);
      most = Math.max(most, age);
    }
    assertTrue(least >= 27_000 && least < 27_500, "" + least);
    assertTrue(most <= 33_000 && most > 32_500, "" + most);
  }

  /// What the answer says of the connection.
  private String ask(HttpClient client) throws Exception {
    Future<String> answer =
        request(client)
            .send()
            .compose(response ->
                response
                    .body()
                    .map(
                        _ -> Objects.requireNonNullElse(response.getHeader("connection"), "keep")));
    RoutingContext call = calls.take();
    call.vertx().runOnContext(_ -> call.end("answer"));
    return get(answer);
  }

  private HttpClient client(HttpVersion version) {
    return vertx.createHttpClient(
        new HttpClientOptions().setProtocolVersion(version).setHttp2ClearTextUpgrade(false));
  }

  private HttpClientRequest request(HttpClient client) throws Exception {
    return get(client.request(HttpMethod.GET, server.actualPort(), "localhost", "/"));
  }

  private static <T> T get(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }
}
