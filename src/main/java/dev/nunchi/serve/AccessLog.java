package dev.nunchi.serve;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
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
  private final CallersCalls callersCalls;

  AccessLog(ServeConfig config, CallersCalls callersCalls) {
    this.config = config;
    this.callersCalls = callersCalls;
  }

  /// One call.
  ///
  /// @param time when it came, in UTC
  /// @param model the models that were asked, with commas between
  /// @param code the canonical code of gRPC, for REST too
  /// @param reason why it was refused; null where it was answered, or gRPC itself refused it
  /// @param textCount texts that were to be classified, with those of a batch or a stream
  /// @param tokenCount tokens of the texts that were classified
  /// @param traceId of the trace that the call is in; null where calls are not traced
  /// @param spanId of the call in that trace
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
      double durationMillis,
      @Nullable String traceId,
      @Nullable String spanId) {}

  void register(@Observes Filters filters) {
    if (config.accessLog()) {
      filters.register(this::begin, PRIORITY);
    }
  }

  private void begin(RoutingContext context) {
    CallName call = CallName.of(context.request());
    if (callersCalls.isOne(call, context)) {
      CallRecord record = CallRecord.begin();
      Instant came = Instant.now();
      long began = System.nanoTime();
      context.addEndHandler(end -> {
        double millis = (System.nanoTime() - began) / 1_000_000.0;
        log(
            line(
                call,
                record,
                CallOutcome.of(call, record, context.response(), end.failed()),
                came,
                millis));
      });
    }
    context.next();
  }

  private static Line line(
      CallName call, CallRecord record, CallOutcome outcome, Instant came, double millis) {
    @Nullable CallTrace trace = record.trace();
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
        Math.round(millis * 1000) / 1000.0,
        trace == null ? null : trace.traceId(),
        trace == null ? null : trace.spanId());
  }

  private static void log(Line line) {
    try {
      LOG.info(JSON.writeValueAsString(line));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A line is JSON", e);
    }
  }
}
