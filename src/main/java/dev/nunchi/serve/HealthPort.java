package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.vertx.http.runtime.VertxHttpRecorder;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.concurrent.CompletionException;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jboss.logging.Logger;

/// A port for health and metrics alone, without TLS, where `nunchi.health-port` names one: probes
/// of Kubernetes have no client certificate, and they get through whatever happens at the other
/// port. What answers there is the same.
///
/// The management interface of Quarkus is chosen when the server is built, and takes health and
/// metrics from the other port.
@Singleton
final class HealthPort {
  private static final Logger LOG = Logger.getLogger(HealthPort.class);

  // After the models, which are opened before the other port too.
  private static final int PRIORITY = 5000;

  private static final int CONNECTIONS = 64;

  /// Nothing that is another path when it is normalised.
  private static final Pattern PATHS = Pattern.compile("/q/(metrics|health(/[a-z]+)*)/?");

  private final ServeConfig config;
  private final Vertx vertx;
  private final Doors doors;

  HealthPort(ServeConfig config, Vertx vertx, Doors doors) {
    this.config = config;
    this.vertx = vertx;
    this.doors = doors;
  }

  void open(@Observes @Priority(PRIORITY) StartupEvent event) {
    config.healthPort().ifPresent(this::open);
  }

  private void open(int port) {
    String host =
        ConfigProvider.getConfig()
            .getOptionalValue("quarkus.http.host", String.class)
            .orElse("0.0.0.0");
    try {
      HttpServer server =
          vertx
              .createHttpServer(new HttpServerOptions().setHost(host).setPort(port))
              .requestHandler(HealthPort::answer)
              .listen()
              .toCompletionStage()
              .toCompletableFuture()
              .join();
      ConnectionLimits limits = config.connections();
      doors.guard(
          server.actualPort(),
          new ConnectionLimits(CONNECTIONS, 0, limits.header(), limits.body(), limits.write()));
      LOG.infof(
          "Health and metrics at %s too",
          new ServerAddress("http", host, server.actualPort()).url());
    } catch (CompletionException e) {
      throw new NunchiException(
          Reason.UNAVAILABLE,
          "Port %d of %s, for health, cannot be opened (%s); choose another one with --health-port"
              .formatted(port, host, String.valueOf(e.getCause()).replaceFirst("^[\\w.$]+: ", "")),
          e);
    }
  }

  private static void answer(HttpServerRequest request) {
    if (PATHS.matcher(String.valueOf(request.path())).matches()) {
      Handler<HttpServerRequest> root = VertxHttpRecorder.getRootHandler();
      root.handle(request);
    } else {
      request.response().setStatusCode(404).end();
    }
  }
}
