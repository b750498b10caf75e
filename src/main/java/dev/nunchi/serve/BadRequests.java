package dev.nunchi.serve;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/// Refuses in words what is no request: one that does not say, once, which host it is for, as
/// proxies and servers take one with several for different hosts; and what Vert.x refuses before a
/// route is looked for. Quarkus would log each of the latter as a fault of its own.
@Singleton
final class BadRequests {
  // After the access log, and before whoever looks at the host.
  private static final int PRIORITY = 950;

  private final Metrics metrics;

  BadRequests(Metrics metrics) {
    this.metrics = metrics;
  }

  void register(@Observes Filters filters) {
    filters.register(this::check, PRIORITY);
  }

  void register(@Observes Router router) {
    router.route().failureHandler(this::failed);
  }

  private void check(RoutingContext context) {
    int hosts = hosts(context.request());
    if (hosts > 1) {
      refuse(context, "The request has %d headers Host; it has one".formatted(hosts));
    } else {
      context.next();
    }
  }

  private void failed(RoutingContext context) {
    HttpServerRequest request = context.request();
    if (context.statusCode() != 400 || context.response().headWritten()) {
      context.next();
    } else if (request.version() == HttpVersion.HTTP_1_0 || request.authority() != null) {
      refuse(context, "The request is none of HTTP: its path has to begin with /");
    } else if (hosts(request) == 0) {
      refuse(context, "The request has no header Host");
    } else {
      refuse(context, "The header Host is not a host, or a host and a port");
    }
  }

  private static int hosts(HttpServerRequest request) {
    return request.headers().getAll("host").size();
  }

  private void refuse(RoutingContext context, String why) {
    FailureResponse.send(context, Failure.ofHttp(400, why), metrics);
  }
}
