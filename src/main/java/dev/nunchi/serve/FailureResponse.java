package dev.nunchi.serve;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/// Refuses a request that has not reached a front end, as that front end would have.
@SuppressWarnings("FutureReturnValueIgnored") // Nothing is left to do when the caller went.
final class FailureResponse {
  static final String BODY_TOO_LARGE = "The body is larger than what is taken";

  private static final ObjectMapper JSON = new ObjectMapper();

  private FailureResponse() {}

  static void send(RoutingContext context, Failure failure, Metrics metrics) {
    CallName call = CallName.of(context.request());
    metrics.request(call.protocol(), call.method(), failure);
    CallRecord.current().refused(failure.reason());
    HttpServerRequest request = context.request();
    if (request.version() != HttpVersion.HTTP_2) {
      // What is left of the body is not worth reading.
      context.response().putHeader("connection", "close");
    }
    switch (call.protocol()) {
      case GRPC -> sendGrpc(context.response(), failure);
      case REST -> sendProblem(context.response(), failure);
    }
    request.resume();
  }

  /// An answer of trailers only, which stand in its headers: see
  /// <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>.
  private static void sendGrpc(HttpServerResponse response, Failure failure) {
    putStatus(response.putHeader("content-type", "application/grpc"), failure);
    response.end();
  }

  /// The trailers of an answer that is nothing else.
  static void putStatus(HttpServerResponse response, Failure failure) {
    byte[] details = GrpcErrors.status(failure).toByteArray();
    response
        .putHeader("grpc-status", Integer.toString(failure.code().value()))
        .putHeader("grpc-message", percentEncoded(failure.message()))
        .putHeader(
            "grpc-status-details-bin",
            Base64.getEncoder().withoutPadding().encodeToString(details));
  }

  private static void sendProblem(HttpServerResponse response, Failure failure) {
    Problem problem =
        Problem.of(failure.httpStatus(), failure.message(), failure.reason(), failure.field());
    if (failure.httpStatus() == 401 && !response.headers().contains("www-authenticate")) {
      response.putHeader("www-authenticate", "Bearer");
    }
    if (failure.retryAfterSeconds() > 0) {
      response.putHeader("retry-after", Long.toString(failure.retryAfterSeconds()));
    }
    try {
      response
          .setStatusCode(failure.httpStatus())
          .putHeader("content-type", Problem.MEDIA_TYPE)
          .end(Buffer.buffer(JSON.writeValueAsBytes(problem)));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A problem is JSON", e);
    }
  }

  private static String percentEncoded(String message) {
    return URLEncoder.encode(message, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
