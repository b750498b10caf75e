package dev.nunchi.serve;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Logs a line of JSON for each call that has ended, where `nunchi.access-log` is on; the category
/// is `dev.nunchi.access`. Health, metrics, reflection and the playground's files are no calls.
///
/// It holds what was called and what came of it, and sizes: never texts, contexts, tokens, paths or
/// addresses.
@Singleton
final class AccessLog {
  private static final Logger LOG = Logger.getLogger("dev.nunchi.access");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PRIORITY = 1000;

  private final ServeConfig config;
  private final OwnCalls ownCalls;
  private final Playground playground;

  AccessLog(ServeConfig config, OwnCalls ownCalls, Playground playground) {
    this.config = config;
    this.ownCalls = ownCalls;
    this.playground = playground;
  }

  /// One call.
  ///
  /// @param time when it came, in UTC
  /// @param model the models that were asked, with commas between
  /// @param code the canonical code of gRPC, for REST too
  /// @param reason why it was refused; null where it was answered, or gRPC itself refused it
  /// @param textCount texts that were to be classified, with those of a batch or a stream
  /// @param tokenCount tokens of the texts that were classified
  @JsonNaming(SnakeCaseStrategy.class)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Line(
      String time,
      String protocol,
      String method,
      @Nullable String model,
      String code,
      @Nullable String reason,
      long textCount,
      long textBytes,
      long tokenCount,
      double durationMillis) {}

  void register(@Observes Filters filters) {
    if (config.accessLog()) {
      filters.register(this::begin, PRIORITY);
    }
  }

  private void begin(RoutingContext context) {
    CallName call = CallName.of(context.request());
    if ((call.isKnown() || !isOperations(context)) && !ownCalls.isOne(context.request())) {
      CallRecord record = new CallRecord();
      record.begin();
      Instant came = Instant.now();
      long began = System.nanoTime();
      context.addEndHandler(end -> {
        double millis = (System.nanoTime() - began) / 1_000_000.0;
        log(line(call, record, context.response(), end.failed(), came, millis));
      });
    }
    context.next();
  }

  private boolean isOperations(RoutingContext context) {
    String path = String.valueOf(context.request().path());
    return path.startsWith("/q/") || path.startsWith("/grpc.") || playground.serves(path);
  }

  private static Line line(
      CallName call,
      CallRecord record,
      HttpServerResponse response,
      boolean broken,
      Instant came,
      double millis) {
    Ended outcome =
        switch (call.protocol()) {
          case GRPC -> grpcOutcome(response, broken);
          case REST -> restOutcome(record, response, broken);
        };
    return new Line(
        came.truncatedTo(ChronoUnit.MILLIS).toString(),
        call.protocol().tag(),
        call.method(),
        record.models(),
        outcome.code().name(),
        outcome.reason(),
        record.textCount(),
        record.textBytes(),
        record.tokenCount(),
        Math.round(millis * 1000) / 1000.0);
  }

  private record Ended(Status.Code code, @Nullable String reason) {}

  private static Ended restOutcome(CallRecord record, HttpServerResponse response, boolean broken) {
    if (broken) {
      return new Ended(Status.Code.CANCELLED, null);
    }
    if (response.getStatusCode() < 400) {
      return new Ended(Status.Code.OK, null);
    }
    return new Ended(Failure.code(response.getStatusCode()), record.reason());
  }

  /// The trailers have it; they stand in the headers of an answer that is nothing else.
  private static Ended grpcOutcome(HttpServerResponse response, boolean broken) {
    String status = response.trailers().get("grpc-status");
    String details = response.trailers().get("grpc-status-details-bin");
    if (status == null) {
      status = response.headers().get("grpc-status");
      details = response.headers().get("grpc-status-details-bin");
    }
    if (status == null) {
      return new Ended(broken ? Status.Code.CANCELLED : Status.Code.UNKNOWN, null);
    }
    Status.Code code = Status.fromCodeValue(Integer.parseInt(status)).getCode();
    return new Ended(code, details == null ? null : reason(details));
  }

  private static @Nullable String reason(String details) {
    try {
      byte[] status = Base64.getDecoder().decode(details);
      for (Any detail : com.google.rpc.Status.parseFrom(status).getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          return detail.unpack(ErrorInfo.class).getReason();
        }
      }
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      LOG.debug("The details of an answer are not what this server sends", e);
    }
    return null;
  }

  private static void log(Line line) {
    try {
      LOG.info(JSON.writeValueAsString(line));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A line is JSON", e);
    }
  }
}
