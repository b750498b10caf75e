package dev.nunchi.serve;

import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;

/// Tells the calls of callers, which are logged and traced, from what else comes: health, metrics,
/// reflection, the playground's files and what the server asks itself.
@Singleton
final class CallersCalls {
  private final OwnCalls ownCalls;
  private final Playground playground;

  CallersCalls(OwnCalls ownCalls, Playground playground) {
    this.ownCalls = ownCalls;
    this.playground = playground;
  }

  boolean isOne(CallName call, RoutingContext context) {
    return (call.isKnown() || !isOperations(context)) && !ownCalls.isOne(context.request());
  }

  private boolean isOperations(RoutingContext context) {
    String path = String.valueOf(context.request().path());
    return path.startsWith("/q/") || path.startsWith("/grpc.") || playground.serves(path);
  }
}
