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
import java.util.function.Consumer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Lets only calls pass that carry a token of the file `nunchi.auth.tokens-file`, if there is one.
///
/// It stands before gRPC, REST and everything else, so that nothing can be forgotten. Open without
/// a token are only health, over HTTP and gRPC, the playground's files, and the metrics where the
/// configuration says so. Who may reload models ([#requireAdmin]) carries a token of another file,
/// which opens everything else too. A changed file is read again; one that cannot be used is
/// refused and the tokens before it stay.
@Singleton
final class Authentication {
  private static final Logger LOG = Logger.getLogger(Authentication.class);

  // After the filter for CORS, which answers what browsers ask first, without a token.
  private static final int PRIORITY = 200;

  private static final Set<String> GRPC_HEALTH =
      Set.of("/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch");

  private final ServeConfig config;
  private final Reloads reloads;
  private final OwnCalls ownCalls;
  private final Metrics metrics;
  private final Playground playground;
  private volatile @Nullable BearerTokens tokens;
  private volatile @Nullable BearerTokens adminTokens;

  Authentication(
      ServeConfig config,
      Reloads reloads,
      OwnCalls ownCalls,
      Metrics metrics,
      Playground playground) {
    this.config = config;
    this.reloads = reloads;
    this.ownCalls = ownCalls;
    this.metrics = metrics;
    this.playground = playground;
  }

  void register(@Observes Filters filters) {
    config.adminTokensFile().ifPresent(file -> watch(file, read -> adminTokens = read));
    config
        .tokensFile()
        .ifPresent(file -> {
          watch(file, read -> tokens = read);
          filters.register(this::check, PRIORITY);
        });
  }

  private void watch(Path file, Consumer<BearerTokens> use) {
    // First, so that a change during the reading is seen.
    reloads.watch(List.of(file), () -> reload(file, use), "the tokens that it held before stay");
    use.accept(BearerTokens.read(file));
  }

  private static void reload(Path file, Consumer<BearerTokens> use) {
    BearerTokens read = BearerTokens.read(file);
    use.accept(read);
    LOG.infof("Tokens were read again from %s, which holds %d", file, read.count());
  }

  /// @throws NunchiException `UNAUTHENTICATED` where the request carries no token that may reload
  ///   models
  void requireAdmin(HttpServerRequest request) {
    if (adminTokens == null) {
      throw new NunchiException(
          Reason.UNAUTHENTICATED,
          "The server takes no such call; 'nunchi serve --admin-tokens FILE' names the tokens that"
              + " may make it");
    }
    if (owner(request, adminTokens) == null) {
      throw new NunchiException(
          Reason.UNAUTHENTICATED,
          "The call carries no token that may make it; send 'Authorization: Bearer TOKEN' with one"
              + " of the file --admin-tokens");
    }
  }

  private void check(RoutingContext context) {
    HttpServerRequest request = context.request();
    @Nullable Identity caller = owner(request, tokens);
    if (caller == null) {
      caller = owner(request, adminTokens);
    }
    if (caller != null) {
      caller.begin();
    }
    if (caller != null || isOpen(String.valueOf(request.path())) || ownCalls.isOne(request)) {
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
        || playground.serves(path)
        || (config.openMetrics() && path.equals("/q/metrics"));
  }

  /// Whose token the request carries; null where it carries none of these.
  private static @Nullable Identity owner(
      HttpServerRequest request, @Nullable BearerTokens known) {
    List<String> values = request.headers().getAll("authorization");
    return known != null && values.size() == 1 ? known.find(values.getFirst()) : null;
  }
}
