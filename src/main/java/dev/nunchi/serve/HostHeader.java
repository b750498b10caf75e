package dev.nunchi.serve;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/// Refuses requests that do not say, once, which host they are for: proxies and servers take one
/// with several for different hosts. HTTP/1.0 needs none.
@Singleton
final class HostHeader {
  // After the access log, and before whoever looks at the host.
  private static final int PRIORITY = 950;

  private final Metrics metrics;

  HostHeader(Metrics metrics) {
    this.metrics = metrics;
  }

  void register(@Observes Filters filters) {
    filters.register(this::check, PRIORITY);
  }

  private void check(RoutingContext context) {
    HttpServerRequest request = context.request();
    int hosts = request.headers().getAll("host").size();
    if (hosts > 1) {
      refuse(context, "The request has %d headers Host; it has one".formatted(hosts));
    } else if (request.version() != HttpVersion.HTTP_1_0 && request.authority() == null) {
      refuse(
          context,
          hosts == 0
              ? "The request has no header Host"
              : "The header Host is not a host, or a host and a port");
    } else {
      context.next();
    }
  }

  private void refuse(RoutingContext context, String why) {
    FailureResponse.send(context, Failure.ofHttp(400, why), metrics);
  }
}
