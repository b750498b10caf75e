package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.config.ConfigProvider;

/// Refuses a body over `quarkus.http.limits.max-body-size` as every other failure is told, where
/// Quarkus itself refuses it without a word: by its length before it is read, or, where it comes in
/// pieces, while it is. gRPC has bounds of its own for messages, and none for streams.
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
        .map(MemorySize::asLongValue)
        .ifPresent(limit -> {
          BodyHandler pieces = BodyHandler.create(false).setBodyLimit(limit);
          filters.register(context -> check(context, limit, pieces), PRIORITY);
        });
  }

  void register(@Observes Router router) {
    router
        .route()
        .failureHandler(context -> {
          if (context.statusCode() == 413 && !context.response().ended()) {
            refuse(context);
          } else {
            context.next();
          }
        });
  }

  private void check(RoutingContext context, long limit, BodyHandler pieces) {
    HttpServerRequest request = context.request();
    String length = request.getHeader("content-length");
    if (CallName.of(request).protocol() == Protocol.GRPC) {
      context.next();
    } else if (length == null) {
      request.resume();
      pieces.handle(context);
    } else if (number(length) > limit) {
      refuse(context);
    } else {
      context.next();
    }
  }

  private void refuse(RoutingContext context) {
    NunchiException refused =
        new NunchiException(Reason.TEXT_TOO_LARGE, FailureResponse.BODY_TOO_LARGE);
    FailureResponse.send(context, Failure.of(refused), metrics);
  }

  private static long number(String header) {
    try {
      return Long.parseLong(header);
    } catch (NumberFormatException e) {
      return 0; // The server has its own answer to that.
    }
  }
}
