package dev.nunchi.serve;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.smallrye.common.vertx.VertxContext;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import org.jspecify.annotations.Nullable;

/// Tells callers apart who are to take turns: an HTTP/2 connection is one. Over HTTP/1.1, where
/// each call that runs has a connection of its own, an address is one.
///
/// The caller lies in the Vert.x context of the call.
@Singleton
final class Callers {
  private static final String KEY = Callers.class.getName();
  private static final Object UNKNOWN = "unknown";

  // Before everything that may answer.
  private static final int PRIORITY = 2000;

  void register(@Observes Filters filters) {
    filters.register(Callers::begin, PRIORITY);
  }

  /// Whose call runs on this thread.
  static Object current() {
    Context context = Vertx.currentContext();
    Object caller =
        context != null && VertxContext.isDuplicatedContext(context) ? context.getLocal(KEY) : null;
    return caller == null ? UNKNOWN : caller;
  }

  private static void begin(RoutingContext routing) {
    Context context = Vertx.currentContext();
    if (context != null && VertxContext.isDuplicatedContext(context)) {
      context.putLocal(KEY, caller(routing.request()));
    }
    routing.next();
  }

  private static Object caller(HttpServerRequest request) {
    if (request.version() == HttpVersion.HTTP_2) {
      return request.connection();
    }
    @Nullable SocketAddress address = request.remoteAddress();
    String host = address == null ? null : address.hostAddress();
    return host == null ? UNKNOWN : host;
  }
}
