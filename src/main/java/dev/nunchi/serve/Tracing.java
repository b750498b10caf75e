package dev.nunchi.serve;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.smallrye.config.SmallRyeConfig;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jboss.logging.Logger;
import org.jboss.logging.MDC;
import org.jspecify.annotations.Nullable;

/// Traces each call of a caller, over gRPC and REST, where [TracingConfig] says so: with the trace
/// that the caller is in (W3C Trace Context), or as the first of one. Where it does not, nothing is
/// registered, and no class of OpenTelemetry is loaded.
///
/// What is logged while a call is worked for has its `traceId` and `spanId` in the MDC.
@Singleton
final class Tracing {
  private static final Logger LOG = Logger.getLogger(Tracing.class);

  // Before the access log, whose lines name the trace.
  private static final int PRIORITY = 1100;

  private final CallersCalls callersCalls;
  private final Metrics metrics;
  private @Nullable Traces traces;

  Tracing(CallersCalls callersCalls, Metrics metrics) {
    this.callersCalls = callersCalls;
    this.metrics = metrics;
  }

  void register(@Observes Filters filters) {
    TracingConfig.from(ConfigProvider.getConfig().unwrap(SmallRyeConfig.class))
        .ifPresent(config -> {
          Traces opened = Traces.open(config, metrics);
          traces = opened;
          filters.register(context -> begin(opened, context), PRIORITY);
          LOG.infof(
              "Tracing calls to %s (OTLP over %s, sampler %s)",
              config.endpoint(), config.protocol(), config.sampler());
        });
  }

  private void begin(Traces traces, RoutingContext context) {
    CallName call = CallName.of(context.request());
    if (callersCalls.isOne(call, context)) {
      CallTrace trace = traces.begin(call, context.request());
      CallRecord record = CallRecord.begin();
      record.traced(trace);
      MDC.put("traceId", trace.traceId());
      MDC.put("spanId", trace.spanId());
      // As the console has it, which has nothing to say of the lines of no call.
      MDC.put("trace", "[trace " + trace.traceId() + " span " + trace.spanId() + "] ");
      if (trace.isSampled()) {
        context.addEndHandler(
            end -> trace.end(Traces.ended(call, record, context.response(), end.failed()), record));
      }
    }
    context.next();
  }

  /// Calls have ended by now.
  void stop(@Observes ShutdownEvent event) {
    if (traces != null) {
      traces.close();
    }
  }
}
