package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jspecify.annotations.Nullable;

/// Refuses a body that says it is over `quarkus.http.limits.max-body-size` as every other failure
/// is told, before Quarkus refuses it without a word.
@Singleton
final class BodyLimit {
  // Before Quarkus' own, and after authentication.
  private static final int PRIORITY = 100;

  private final Metrics metrics;

  BodyLimit(Metrics metrics) {
    this.metrics = metrics;
  }

  void register(@Observes Filters filters) {
    ConfigProvider.getConfig()
        .getOptionalValue("quarkus.http.limits.max-body-size", MemorySize.class)
        .ifPresent(
            limit -> filters.register(context -> check(context, limit.asLongValue()), PRIORITY));
  }

  private void check(RoutingContext context, long limit) {
    if (length(context.request().getHeader("content-length")) <= limit) {
      if (context.request().version() == HttpVersion.HTTP_2) {
        // What comes in pieces is refused where they are counted, with a header for the connection
        // that HTTP/2 forbids.
        context.addHeadersEndHandler(_ -> context.response().headers().remove("connection"));
      }
      context.next();
      return;
    }
    NunchiException refused =
        new NunchiException(Reason.TEXT_TOO_LARGE, FailureResponse.BODY_TOO_LARGE);
    FailureResponse.send(context, Failure.of(refused), metrics);
  }

  private static long length(@Nullable String header) {
    try {
      return header == null ? 0 : Long.parseLong(header);
    } catch (NumberFormatException e) {
      return 0; // The server has its own answer to that.
    }
  }
}
