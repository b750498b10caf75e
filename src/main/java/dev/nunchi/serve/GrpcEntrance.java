package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.grpc.Status;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Where a request of gRPC comes in: gives it the form that Vert.x reads, and refuses in words what
/// Vert.x would leave without an answer.
///
/// | request | becomes |
/// | --- | --- |
/// | over HTTP/1.1, as from a proxy that does not speak HTTP/2 to its backend | 426 |
/// | of gRPC-Web, or of another media type | 415 |
/// | with metadata `…-bin` whose values are joined by commas | read as several values |
/// | with metadata `…-bin` that is not base64 | `INVALID_ARGUMENT` |
/// | that says it has more bytes than a message may have | `INVALID_ARGUMENT`, `TEXT_TOO_LARGE` |
/// | compressed in a way that is not known | `UNIMPLEMENTED`, with those that are |
///
/// What gRPC itself refuses, as a method that is none or a message over the transport's limit, gets
/// the details here that every refusal has.
///
/// See <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>.
@Singleton
final class GrpcEntrance {
  // After the filter for CORS, as browsers send gRPC-Web, and before authentication.
  private static final int PRIORITY = 250;

  private static final String SERVICE = "/nunchi.sentiment.v1.SentimentService/";
  private static final String REFLECTION = "/grpc.reflection.";
  private static final String EXCHANGE = GrpcEntrance.class.getName();
  private static final String ENCODING = "grpc-encoding";
  private static final int PREFIX_BYTES = 5;
  private static final int LONGEST_NAME = 64;

  private final Limits limits;
  private final Metrics metrics;

  GrpcEntrance(Limits limits, Metrics metrics) {
    this.limits = limits;
    this.metrics = metrics;
  }

  void register(@Observes Filters filters) {
    filters.register(this::enter, PRIORITY);
  }

  /// What fails on its way is told as every other failure is.
  void register(@Observes Router router) {
    router
        .route()
        .failureHandler(context -> {
          if (CallName.of(context.request()).protocol() == Protocol.GRPC
              && context.failure() != null
              && !context.response().headWritten()) {
            FailureResponse.send(context, Failure.of(context.failure()), metrics);
          } else {
            context.next();
          }
        });
  }

  /// Whether a path is one of a service of gRPC.
  static boolean isServicePath(String path) {
    return path.startsWith(SERVICE)
        || path.startsWith("/grpc.health.v1.Health/")
        || path.startsWith(REFLECTION);
  }

  /// Whether a call may have been taken, and be at work, before its request has come whole.
  static boolean isStream(HttpServerRequest request) {
    String path = CallName.path(request);
    return CallName.of(request).protocol() == Protocol.GRPC
        && (path.equals(SERVICE + "StreamClassify") || path.startsWith(REFLECTION));
  }

  /// What carries the call that runs on this thread: it hears of the end whatever ends it. Vert.x
  /// tells a call of gRPC that it was cancelled, but not that its connection is gone.
  static RoutingContext exchange() {
    return Vertx.currentContext().getLocal(EXCHANGE);
  }

  private void enter(RoutingContext context) {
    HttpServerRequest request = context.request();
    String type = CallName.contentType(request);
    String path = CallName.path(request);
    if (CallName.of(request).protocol() == Protocol.GRPC) {
      List<String> encodings = encodings(path);
      Optional<Failure> refusal =
          tooLarge(request).or(() -> unreadable(request.headers(), encodings));
      if (refusal.isEmpty()) {
        Vertx.currentContext().putLocal(EXCHANGE, context);
        context.addHeadersEndHandler(_ -> explain(context));
        context.next();
      } else {
        context.response().putHeader("grpc-accept-encoding", String.join(",", encodings));
        FailureResponse.send(context, refusal.get(), metrics);
      }
    } else if (type.startsWith("application/grpc-web")) {
      refuse(
          context,
          415,
          "gRPC-Web is not served; put a proxy before it that translates to gRPC, such as Envoy, or"
              + " send JSON to /v1/classify");
    } else if (type.startsWith("application/grpc")) {
      context.response().putHeader("upgrade", request.isSSL() ? "h2" : "h2c");
      refuse(
          context,
          426,
          "gRPC needs HTTP/2, and this request came over %s; a proxy before the server has to speak"
                  .formatted(version(request))
              + " HTTP/2 to it (nginx: grpc_pass in place of proxy_pass)");
    } else if (isServicePath(path) && request.method() == HttpMethod.POST) {
      refuse(
          context,
          415,
          "This path takes calls of gRPC, over HTTP/2 with the media type application/grpc; JSON is"
              + " taken by /v1/classify");
    } else {
      context.next();
    }
  }

  /// Adds to a refusal that is sent what it has not: why it was refused, in the terms of the
  /// contract.
  private void explain(RoutingContext context) {
    MultiMap headers = context.response().headers();
    String status = headers.get("grpc-status");
    if (status == null || status.equals("0") || headers.contains("grpc-status-details-bin")) {
      return;
    }
    Status.Code code = Status.fromCodeValue(Integer.parseInt(status)).getCode();
    Failure failure =
        code == Status.Code.RESOURCE_EXHAUSTED
            ? Failure.of(limits.messageTooLarge())
            : Failure.ofGrpc(code, headers.get("grpc-message"));
    CallName call = CallName.of(context.request());
    if (call.isKnown()) {
      metrics.request(Protocol.GRPC, call.method(), failure);
    }
    FailureResponse.putStatus(context.response(), failure);
  }

  /// Reflection has no end where a message cannot be read. A caller of health may say gzip for all
  /// its calls, and send messages that are too short for it.
  private static List<String> encodings(String path) {
    return path.startsWith(REFLECTION) ? List.of("identity") : List.of("identity", "gzip");
  }

  /// Why the call's body is not read, where it says itself how long it is: HTTP would refuse it in
  /// a way that no caller of gRPC understands.
  private Optional<Failure> tooLarge(HttpServerRequest request) {
    @Nullable String length = request.getHeader("content-length");
    if (length == null) {
      return Optional.empty();
    }
    long most = (isStream(request) ? 2L : 1L) * limits.maxMessageBytes() + PREFIX_BYTES;
    return length.matches("[0-9]{1,18}") && Long.parseLong(length) <= most
        ? Optional.empty()
        : Optional.of(Failure.of(limits.messageTooLarge()));
  }

  private void refuse(RoutingContext context, int status, String why) {
    FailureResponse.send(context, Failure.ofHttp(status, why), metrics);
  }

  /// Why the call's messages or metadata cannot be read, where they cannot.
  ///
  /// @param encodings those in which messages of the path may be said to come
  private static Optional<Failure> unreadable(MultiMap headers, List<String> encodings) {
    String encoding = Objects.requireNonNullElse(headers.get(ENCODING), "identity");
    if (!encodings.contains(encoding)) {
      return Optional.of(
          Failure.of(
              new NunchiException(
                  Reason.UNIMPLEMENTED,
                  "Messages compressed as '%s' are not read; send them as %s"
                      .formatted(cut(encoding), String.join(" or ", encodings)))));
    }
    // WireMessage decompresses; what comes compressed to health is no message. Vert.x would fail on
    // a compressed message without this header, and with another decompress it without a bound.
    headers.set(ENCODING, "identity");
    for (String name : headers.names()) {
      if (name.endsWith("-bin")) {
        List<String> values =
            headers.getAll(name).stream()
                .flatMap(joined -> Arrays.stream(joined.split(",", -1)))
                .map(String::strip)
                .toList();
        if (!values.stream().allMatch(GrpcEntrance::isBase64)) {
          return Optional.of(
              Failure.of(
                  new NunchiException(
                      Reason.INVALID_ARGUMENT,
                      "The metadata '%s' is not base64".formatted(cut(name)))));
        }
        headers.set(name, values);
      }
    }
    return Optional.empty();
  }

  private static boolean isBase64(String value) {
    try {
      Base64.getDecoder().decode(value);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static String version(HttpServerRequest request) {
    return request.version() == HttpVersion.HTTP_1_0 ? "HTTP/1.0" : "HTTP/1.1";
  }

  private static String cut(String name) {
    return name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME) + "…";
  }
}
