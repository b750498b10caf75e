package dev.nunchi.serve;

import io.grpc.Status;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import org.jboss.resteasy.reactive.RestResponse;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;
import org.jboss.resteasy.reactive.server.SimpleResourceInfo;
import org.jspecify.annotations.Nullable;

/// What a REST caller reads of a failure, whatever failed.
@Singleton
final class RestErrors {
  private final Metrics metrics;

  RestErrors(Metrics metrics) {
    this.metrics = metrics;
  }

  /// @param endpoint null where no endpoint was reached
  @ServerExceptionMapper(Throwable.class)
  RestResponse<Problem> failed(
      Throwable thrown, @Nullable SimpleResourceInfo endpoint, RoutingContext context) {
    Failure failure = Failure.of(thrown);
    if (failure.code() != Status.Code.CANCELLED && RestCall.isFirstCount(context)) {
      // Counted by the call, of which the framework does not always hear.
      metrics.request(Protocol.REST, method(endpoint), failure);
    }
    RestResponse.ResponseBuilder<Problem> response =
        response(failure.httpStatus(), failure.message(), failure.reason(), failure.field());
    if (failure.retryAfterSeconds() > 0) {
      response.header(HttpHeaders.RETRY_AFTER, failure.retryAfterSeconds());
    }
    if (failure.code() == Status.Code.UNAUTHENTICATED) {
      response.header(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
    } else if (failure.code() == Status.Code.PERMISSION_DENIED) {
      response.header(HttpHeaders.WWW_AUTHENTICATE, "Bearer error=\"insufficient_scope\"");
    }
    return response.build();
  }

  /// What the framework refuses before an endpoint is reached: a path, method or media type.
  @ServerExceptionMapper(WebApplicationException.class)
  RestResponse<Problem> notServed(
      WebApplicationException thrown,
      @Nullable SimpleResourceInfo endpoint,
      RoutingContext context) {
    Response refused = thrown.getResponse();
    if (refused.getStatus() >= 500) {
      return failed(thrown, endpoint, context);
    }
    Response.StatusType status = refused.getStatusInfo();
    String detail =
        switch (refused.getStatus()) {
          case 404 -> "Nothing is served at this path";
          case 405 -> "This path does not take this method";
          case 406 -> "The answer is application/json, which the header Accept leaves out";
          case 415 -> "The body's media type is not taken; send application/json";
          default -> status.getReasonPhrase();
        };
    return response(status.getStatusCode(), detail, "INVALID_ARGUMENT", null).build();
  }

  private static RestResponse.ResponseBuilder<Problem> response(
      int status, String detail, String reason, @Nullable String field) {
    CallRecord.current().refused(reason);
    // Not all are in the framework's list.
    return RestResponse.ResponseBuilder.<Problem>create(status, null)
        .entity(Problem.of(status, detail, reason, field))
        .header(HttpHeaders.CONTENT_TYPE, Problem.MEDIA_TYPE);
  }

  /// The gRPC method that the endpoint stands for.
  private static String method(@Nullable SimpleResourceInfo endpoint) {
    if (endpoint == null) {
      return "unknown";
    }
    String name = endpoint.getMethodName();
    return Character.toUpperCase(name.charAt(0)) + name.substring(1);
  }
}
