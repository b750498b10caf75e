package dev.nunchi.serve;

import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import io.quarkus.vertx.http.runtime.VertxHttpRecorder;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Has calls of REST and gRPC, one text and a stream of the first model's, go all the way from a
/// socket to a model and back before the port is opened, so that no caller waits for what the first
/// call has to load.
///
/// Where `nunchi.warm-up` says so, a [load][OwnLoad] follows for that time. A server that is ready
/// right after its start answers its first callers ten times as slowly as later ones, until Java
/// has compiled what they ask for; a server that is started because the others are asked for too
/// much has no time for that.
///
/// The calls come over a port of their own, on the loopback interface and for that time only, as
/// the server's may ask for certificates. What fails here fails nobody: it is logged.
@Singleton
final class WarmUp {
  private static final Logger LOG = Logger.getLogger(WarmUp.class);
  private static final String TEXT = "정말 좋아요";
  private static final int TIMES = 2;
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final ServeConfig config;
  private final Vertx vertx;
  private final OwnCalls ownCalls;
  private final Metrics metrics;

  WarmUp(ServeConfig config, Vertx vertx, OwnCalls ownCalls, Metrics metrics) {
    this.config = config;
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
    @Nullable OwnClient client = null;
    try {
      String secret = ownCalls.begin();
      int port =
          await(
              server
                  .requestHandler(VertxHttpRecorder.getRootHandler())
                  .listen(0, OwnClient.HOST)
                  .map(HttpServer::actualPort));
      client = new OwnClient(vertx, port, secret);
      tryAll(client);
      if (config.warmUp().isPositive()) {
        LOG.infof(
            "Warming up for %.0f s with calls to itself, before it is ready",
            config.warmUp().toMillis() / 1e3);
        load(new OwnLoad(vertx, client, models.all().stream().map(ServedModel::name).toList()));
      }
    } catch (ExecutionException | TimeoutException e) {
      LOG.warnf("The first calls may be slow, since none could be tried: %s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      ownCalls.end();
      Future<?> closed = client == null ? Future.succeededFuture() : client.close();
      Future<Void> _ = closed.transform(_ -> server.close());
      metrics.forgetCalls(models);
    }
  }

  private static void tryAll(OwnClient client)
      throws ExecutionException, InterruptedException, TimeoutException {
    ClassifyRequest request = ClassifyRequest.newBuilder().setText(TEXT).build();
    for (int i = 0; i < TIMES; i++) {
      await(client.rest("", TEXT, PATIENCE));
      await(client.grpc("Classify", request, PATIENCE));
      await(
          client.grpc(
              "StreamClassify",
              StreamClassifyRequest.newBuilder().setId("1").setRequest(request).build(),
              PATIENCE));
    }
  }

  /// Ends before its time where the process is told to stop.
  private void load(OwnLoad load) throws InterruptedException {
    Thread stopper = Thread.ofPlatform().name("nunchi-warm-up-end").unstarted(load::stop);
    Runtime.getRuntime().addShutdownHook(stopper);
    try {
      load.run(config.warmUp());
    } finally {
      try {
        Runtime.getRuntime().removeShutdownHook(stopper);
      } catch (IllegalStateException e) {
        LOG.debug("Stopped while it was warming up", e);
      }
    }
  }

  private static <T> T await(Future<T> future)
      throws ExecutionException, InterruptedException, TimeoutException {
    return future
        .toCompletionStage()
        .toCompletableFuture()
        .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }
}
