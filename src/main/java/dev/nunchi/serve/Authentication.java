package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.serve.Identity.Kind;
import dev.nunchi.serve.JwtVerifier.Busy;
import dev.nunchi.serve.JwtVerifier.NoKeys;
import dev.nunchi.serve.JwtVerifier.Refused;
import dev.nunchi.serve.JwtVerifier.Taken;
import dev.nunchi.serve.JwtVerifier.UnknownKey;
import dev.nunchi.serve.JwtVerifier.Verdict;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.smallrye.common.vertx.VertxContext;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Lets only calls pass that carry a token of the file `nunchi.auth.tokens-file` or of the identity
/// provider `nunchi.oidc.issuer`, if there is one of the two.
///
/// It stands before gRPC, REST and everything else, so that nothing can be forgotten. Open without
/// a token are only health, over HTTP and gRPC, the playground's files, and the metrics where the
/// configuration says so. Who may reload models ([#requireAdmin]) carries a token of another file,
/// which opens everything else too, or one of the provider with a role for that. A changed file is
/// read again; one that cannot be used is refused and the tokens before it stay.
@Singleton
final class Authentication {
  private static final Logger LOG = Logger.getLogger(Authentication.class);

  // After the filter for CORS, which answers what browsers ask first, without a token.
  private static final int PRIORITY = 200;

  private static final String ADMINISTRATOR = Authentication.class.getName();

  private static final Set<String> GRPC_HEALTH =
      Set.of("/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch");

  private final ServeConfig config;
  private final Reloads reloads;
  private final OwnCalls ownCalls;
  private final Metrics metrics;
  private final Playground playground;
  private final Oidc oidc;
  private volatile @Nullable BearerTokens tokens;
  private volatile @Nullable BearerTokens adminTokens;

  Authentication(
      ServeConfig config,
      Reloads reloads,
      OwnCalls ownCalls,
      Metrics metrics,
      Playground playground,
      Oidc oidc) {
    this.config = config;
    this.reloads = reloads;
    this.ownCalls = ownCalls;
    this.metrics = metrics;
    this.playground = playground;
    this.oidc = oidc;
  }

  void register(@Observes Filters filters) {
    config.adminTokensFile().ifPresent(file -> watch(file, read -> adminTokens = read));
    config.tokensFile().ifPresent(file -> watch(file, read -> tokens = read));
    if (config.tokensFile().isPresent() || oidc.isOn()) {
      filters.register(this::check, PRIORITY);
    }
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

  /// @throws NunchiException where the request carries no token that may reload models:
  ///   `PERMISSION_DENIED` if it is known whose it is, else `UNAUTHENTICATED`
  void requireAdmin(HttpServerRequest request) {
    if (isAdministrator() || owner(request, adminTokens) != null) {
      return;
    }
    if (adminTokens == null && !oidc.knowsAdmins()) {
      throw new NunchiException(
          Reason.UNAUTHENTICATED,
          "The server takes no such call; 'nunchi serve --admin-tokens FILE' names the tokens that"
              + " may make it");
    }
    Identity caller = Identity.current();
    if (caller.kind() == Kind.TOKEN || caller.kind() == Kind.SUBJECT) {
      throw new NunchiException(
          Reason.PERMISSION_DENIED,
          "%s may not make this call, which is for administrators".formatted(caller));
    }
    throw new NunchiException(
        Reason.UNAUTHENTICATED,
        "The call carries no token that may make it; send 'Authorization: Bearer TOKEN' with one"
            + " of the file --admin-tokens");
  }

  private void check(RoutingContext context) {
    HttpServerRequest request = context.request();
    if (isOpen(String.valueOf(request.path())) || ownCalls.isOne(request)) {
      context.next();
      return;
    }
    @Nullable Identity caller = owner(request, tokens);
    if (caller == null) {
      caller = owner(request, adminTokens);
    }
    @Nullable String token = oidc.isOn() ? token(request) : null;
    if (caller != null) {
      caller.begin();
      context.next();
    } else if (token != null && JwtVerifier.isJwt(token)) {
      verify(context, token);
    } else {
      refuse(
          context,
          "Bearer",
          "The call carries no token that is taken; send 'Authorization: Bearer TOKEN'");
    }
  }

  /// The request waits meanwhile: nothing of its body is read.
  private void verify(RoutingContext context, String token) {
    CompletableFuture<Verdict> verdict = oidc.verify(token);
    if (verdict.isDone()) {
      decide(context, verdict.join());
      return;
    }
    Context call = Vertx.currentContext();
    CompletableFuture<Verdict> _ =
        verdict.whenComplete((found, failure) ->
            call.runOnContext(_ -> {
              if (context.response().closed() || context.response().ended()) {
                return;
              }
              if (found == null) {
                FailureResponse.send(context, Failure.of(Objects.requireNonNull(failure)), metrics);
              } else {
                decide(context, found);
              }
            }));
  }

  private void decide(RoutingContext context, Verdict verdict) {
    switch (verdict) {
      case Taken taken -> {
        taken.caller().begin();
        if (taken.admin()) {
          Vertx.currentContext().putLocal(ADMINISTRATOR, true);
        }
        context.next();
      }
      case Refused refused -> refuseToken(context, refused.why());
      case UnknownKey _ -> refuseToken(context, "is signed by a key that the issuer does not have");
      case NoKeys _ ->
          fail(
              context,
              Reason.UNAVAILABLE,
              "The keys of the identity provider are not known yet; try again");
      case Busy _ ->
          fail(
              context,
              Reason.OVERLOADED,
              "More tokens came than can be verified at once; try again");
    }
  }

  private void fail(RoutingContext context, Reason reason, String why) {
    FailureResponse.send(context, Failure.of(NunchiException.withoutTrace(reason, why)), metrics);
  }

  private void refuseToken(RoutingContext context, String why) {
    refuse(
        context,
        "Bearer error=\"invalid_token\", error_description=\"The token %s\"".formatted(why),
        "The call's token is not taken: it %s".formatted(why));
  }

  /// @param challenge see RFC 6750
  private void refuse(RoutingContext context, String challenge, String why) {
    if (CallName.of(context.request()).protocol() == Protocol.REST) {
      context.response().putHeader("www-authenticate", challenge);
    }
    fail(context, Reason.UNAUTHENTICATED, why);
  }

  private static boolean isAdministrator() {
    Context call = Vertx.currentContext();
    return call != null
        && VertxContext.isDuplicatedContext(call)
        && Boolean.TRUE.equals(call.getLocal(ADMINISTRATOR));
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
  private static @Nullable Identity owner(HttpServerRequest request, @Nullable BearerTokens known) {
    List<String> values = request.headers().getAll("authorization");
    return known != null && values.size() == 1 ? known.find(values.getFirst()) : null;
  }

  private static @Nullable String token(HttpServerRequest request) {
    List<String> values = request.headers().getAll("authorization");
    return values.size() == 1 ? BearerTokens.token(values.getFirst()) : null;
  }
}
