package dev.nunchi.serve;

import com.google.protobuf.MessageLite;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import io.quarkus.vertx.http.runtime.VertxHttpRecorder;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jboss.logging.Logger;

/// Has calls of REST and gRPC, one text and a stream of the first model's, go all the way from a
/// socket to a model and back before the port is opened, so that no caller waits for what the first
/// call has to load.
///
/// The calls come over a port of their own, on the loopback interface and for that time only, as
/// the server's may ask for certificates. What fails here fails nobody: it is logged.
@Singleton
final class WarmUp {
  private static final Logger LOG = Logger.getLogger(WarmUp.class);
  private static final String HOST = "127.0.0.1";
  private static final String TEXT = "정말 좋아요";
  private static final String SERVICE = "/nunchi.sentiment.v1.SentimentService/";
  private static final int TIMES = 2;
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Vertx vertx;
  private final OwnCalls ownCalls;
  private final Metrics metrics;

  WarmUp(Vertx vertx, OwnCalls ownCalls, Metrics metrics) {
    this.vertx = vertx;
    this.ownCalls = ownCalls;
    this.metrics = metrics;
  }

  /// Blocks until the calls have come back; to be called when everything is ready for calls, and
  /// before there are others.
  void run(ModelRegistry models) {
    if (models.all().isEmpty()) {
      return;
    }
    HttpServer server = vertx.createHttpServer();
    HttpClient http1 = vertx.createHttpClient();
    HttpClient http2 =
        vertx.createHttpClient(
            new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(false));
    try {
      String secret = ownCalls.begin();
      int port =
          await(
              server
                  .requestHandler(VertxHttpRecorder.getRootHandler())
                  .listen(0, HOST)
                  .map(HttpServer::actualPort));
      for (int i = 0; i < TIMES; i++) {
        await(rest(http1, port, secret));
        await(grpc(http2, port, secret, "Classify", request()));
        await(
            grpc(
                http2,
                port,
                secret,
                "StreamClassify",
                StreamClassifyRequest.newBuilder().setId("1").setRequest(request()).build()));
      }
    } catch (ExecutionException | TimeoutException e) {
      LOG.warnf("The first calls may be slow, since none could be tried: %s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      ownCalls.end();
      Future<Void> _ = Future.join(http1.close(), http2.close()).transform(_ -> server.close());
      metrics.forgetCalls(models);
    }
  }

  private static ClassifyRequest request() {
    return ClassifyRequest.newBuilder().setText(TEXT).build();
  }

  private static Future<Buffer> rest(HttpClient client, int port, String secret) {
    return send(
        client,
        options(port, secret, "/v1/classify").putHeader("content-type", "application/json"),
        Buffer.buffer("{\"text\": \"%s\"}".formatted(TEXT)));
  }

  private static Future<Buffer> grpc(
      HttpClient client, int port, String secret, String method, MessageLite message) {
    byte[] bytes = message.toByteArray();
    return send(
        client,
        options(port, secret, SERVICE + method)
            .putHeader("content-type", "application/grpc")
            .putHeader("te", "trailers"),
        Buffer.buffer().appendByte((byte) 0).appendInt(bytes.length).appendBytes(bytes));
  }

  private static RequestOptions options(int port, String secret, String path) {
    return new RequestOptions()
        .setMethod(HttpMethod.POST)
        .setHost(HOST)
        .setPort(port)
        .setURI(path)
        .putHeader(OwnCalls.HEADER, secret);
  }

  private static Future<Buffer> send(HttpClient client, RequestOptions options, Buffer body) {
    return client
        .request(options)
        .compose(request -> request.send(body))
        .compose(HttpClientResponse::body);
  }

  private static <T> T await(Future<T> future)
      throws ExecutionException, InterruptedException, TimeoutException {
    return future
        .toCompletionStage()
        .toCompletableFuture()
        .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }
}
