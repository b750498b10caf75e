package dev.nunchi.serve;

import io.micrometer.prometheus.PrometheusMeterRegistry;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import org.jspecify.annotations.Nullable;

/// Gives `/q/metrics` as OpenMetrics to who asks for nothing else; Quarkus itself gives it to who
/// asks for nothing at all, and refuses the former.
@Singleton
final class OpenMetricsRoute {
  private static final String MEDIA_TYPE = "application/openmetrics-text";

  private final PrometheusMeterRegistry registry;

  OpenMetricsRoute(PrometheusMeterRegistry registry) {
    this.registry = registry;
  }

  void register(@Observes Router router) {
    // Before the routes of Quarkus, and after all filters.
    router.route("/q/metrics").order(0).handler(this::answer);
  }

  @SuppressWarnings("FutureReturnValueIgnored") // Nothing is left to do when the caller went.
  private void answer(RoutingContext context) {
    @Nullable String accept = context.request().getHeader("accept");
    if (accept == null || !accept.contains(MEDIA_TYPE) || accept.contains("text/")) {
      context.next();
      return;
    }
    String type = MEDIA_TYPE + "; version=1.0.0; charset=utf-8";
    context.response().putHeader("content-type", type).end(Buffer.buffer(registry.scrape(type)));
  }
}
