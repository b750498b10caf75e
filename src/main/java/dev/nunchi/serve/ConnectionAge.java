package dev.nunchi.serve;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/// Has callers open their connections anew once they are `nunchi.connection-age` old, so that they
/// find the servers that came since: a balancer of connections moves nobody who stays on his.
///
/// A connection of HTTP/2 is told by GOAWAY to begin no more calls; those that it has are answered,
/// streams for as long as they take, and what was on its way is too, as callers may be slow to read
/// it. One of HTTP/1.1 has its next answer with `Connection: close`. Ages differ by up to a tenth
/// either way: callers who came together do not all come again together.
@Singleton
final class ConnectionAge {
  // Before authentication: who is refused all the time ages too.
  private static final int PRIORITY = 890;

  private static final double JITTER = 0.1;

  private final Duration age;
  private final Vertx vertx;

  /// Since each connection's first request; whether it is old.
  private final Map<HttpConnection, Boolean> old = new ConcurrentHashMap<>();

  ConnectionAge(ServeConfig config, Vertx vertx) {
    this.age = config.connectionAge();
    this.vertx = vertx;
  }

  void register(@Observes Filters filters) {
    if (age.isPositive()) {
      filters.register(this::enter, PRIORITY);
    }
  }

  void enter(RoutingContext context) {
    HttpConnection connection = context.request().connection();
    if (old.putIfAbsent(connection, false) == null) {
      long timer = vertx.setTimer(jittered(age).toMillis(), _ -> isOld(connection));
      Transport.whenClosed(
          connection,
          () -> {
            vertx.cancelTimer(timer);
            old.remove(connection);
          });
    }
    LastAnswer.sayIf(() -> old.getOrDefault(connection, false), context);
    context.next();
  }

  private void isOld(HttpConnection connection) {
    if (old.replace(connection, true) != null) {
      Transport.goAway(connection, Transport.ANY_STREAM);
    }
  }

  /// From nine tenths to eleven tenths of it, and at least a millisecond.
  static Duration jittered(Duration age) {
    double factor = 1 + JITTER * (2 * ThreadLocalRandom.current().nextDouble() - 1);
    return Duration.ofMillis(Math.max(1, Math.round(age.toMillis() * factor)));
  }
}
