package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Lets only calls pass that carry a token of the file `nunchi.auth.tokens-file`, if there is one.
///
/// It stands before gRPC, REST and everything else, so that nothing can be forgotten. Open without
/// a token are only health, over HTTP and gRPC, and the metrics where the configuration says so. A
/// changed file is read again; one that cannot be used is refused and the tokens before it stay.
@Singleton
final class Authentication {
  private static final Logger LOG = Logger.getLogger(Authentication.class);

  // After the filter for CORS, which answers what browsers ask first, without a token.
  private static final int PRIORITY = 200;

  private static final Set<String> GRPC_HEALTH =
      Set.of("/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch");

  private final ServeConfig config;
  private final Reloads reloads;
  private final Metrics metrics;
  private volatile @Nullable BearerTokens tokens;

  Authentication(ServeConfig config, Reloads reloads, Metrics metrics) {
    this.config = config;
    this.reloads = reloads;
    this.metrics = metrics;
  }

  void register(@Observes Filters filters) {
    config
        .tokensFile()
        .ifPresent(file -> {
          // First, so that a change during the reading is seen.
          reloads.watch(List.of(file), () -> reload(file));
          tokens = BearerTokens.read(file);
          filters.register(this::check, PRIORITY);
        });
  }

  private void reload(Path file) {
    try {
      BearerTokens read = BearerTokens.read(file);
      tokens = read;
      LOG.infof("Tokens were read again from %s, which holds %d", file, read.count());
    } catch (NunchiException e) {
      LOG.errorf("%s; the tokens that it held before stay", e.getMessage());
    }
  }

  private void check(RoutingContext context) {
    HttpServerRequest request = context.request();
    if (isOpen(String.valueOf(request.path())) || carriesToken(request)) {
      context.next();
      return;
    }
    Failure failure =
        Failure.of(
            new NunchiException(
                Reason.UNAUTHENTICATED,
                "The call carries no token that is taken; send 'Authorization: Bearer TOKEN'"));
    FailureResponse.send(context, failure, metrics);
  }

  private boolean isOpen(String path) {
    if (path.contains("..") || path.contains("%")) {
      return false;
    }
    return GRPC_HEALTH.contains(path)
        || path.equals("/q/health")
        || path.startsWith("/q/health/")
        || (config.openMetrics() && path.equals("/q/metrics"));
  }

  private boolean carriesToken(HttpServerRequest request) {
    List<String> values = request.headers().getAll("authorization");
    BearerTokens known = tokens;
    return known != null && values.size() == 1 && known.accept(values.getFirst());
  }
}
