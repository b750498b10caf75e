package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.serve.CallTrace.Ended;
import io.micrometer.core.instrument.Counter;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapPropagator;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jspecify.annotations.Nullable;

/// OpenTelemetry's SDK as this server has it: begins the span of a call, and has those that ended
/// sent to a collector by a thread of its own.
///
/// Names and attributes follow OpenTelemetry's conventions for HTTP and for gRPC
/// (`rpc.system.name`, version 1.40), but what a caller may write into: a path that is no
/// endpoint's, a query, `Host`, `User-Agent`; nor is there an address of a caller.
final class Traces implements AutoCloseable {
  private static final Duration FLUSH = Duration.ofSeconds(3);
  private static final String OTHER = "_OTHER";
  private static final AttributeKey<String> SERVICE = AttributeKey.stringKey("service.name");
  private static final AttributeKey<String> VERSION = AttributeKey.stringKey("service.version");

  private static final Set<String> METHODS =
      Set.of(
          "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE");

  private static final Map<String, String> ROUTES =
      Map.of(
          "Classify", "/v1/classify",
          "BatchClassify", "/v1/classify:batch",
          "ListModels", "/v1/models",
          "GetModel", "/v1/models/{name}",
          "ReloadModel", "/v1/models/{name}:reload");

  private static final TextMapGetter<HttpServerRequest> HEADERS =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(HttpServerRequest request) {
          return request.headers().names();
        }

        @Override
        public @Nullable String get(@Nullable HttpServerRequest request, String name) {
          return request == null ? null : request.getHeader(name);
        }
      };

  private final OpenTelemetrySdk sdk;
  private final TextMapPropagator propagator;
  private final Tracer tracer;

  private Traces(OpenTelemetrySdk sdk) {
    this.sdk = sdk;
    this.propagator = sdk.getPropagators().getTextMapPropagator();
    this.tracer = sdk.getTracer("dev.nunchi");
  }

  /// @throws NunchiException `INVALID_ARGUMENT` for a setting that the SDK does not take
  static Traces open(TracingConfig config, Metrics metrics) {
    try {
      return new Traces(
          AutoConfiguredOpenTelemetrySdk.builder()
              .disableShutdownHook()
              .setServiceClassLoader(Traces.class.getClassLoader())
              .addPropertiesSupplier(config::properties)
              .addPropertiesCustomizer(_ ->
                  Map.of(
                      "otel.traces.exporter", "otlp",
                      "otel.metrics.exporter", "none",
                      "otel.logs.exporter", "none",
                      "otel.exporter.otlp.protocol", config.protocol()))
              .addResourceCustomizer((resource, _) -> named(resource))
              .addSpanExporterCustomizer((exporter, _) ->
                  new CountedExporter(
                      exporter,
                      config.endpoint(),
                      metrics.spans("sent"),
                      metrics.spans("failed"),
                      System::nanoTime))
              .addSpanProcessorCustomizer((processor, _) ->
                  SpanProcessor.composite(new MadeSpans(metrics.spans("made")), processor))
              .build()
              .getOpenTelemetrySdk());
    } catch (ConfigurationException e) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT, "Calls cannot be traced: " + e.getMessage(), e);
    }
  }

  /// The call's span begins, in the trace that its headers name.
  CallTrace begin(CallName call, HttpServerRequest request) {
    Context parent = propagator.extract(Context.root(), request, HEADERS);
    Instant now = Instant.now();
    long nanoTime = System.nanoTime();
    long began = TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
    Span span =
        tracer
            .spanBuilder(name(call, request))
            .setSpanKind(SpanKind.SERVER)
            .setParent(parent)
            .setStartTimestamp(began, TimeUnit.NANOSECONDS)
            .startSpan();
    // No sampler that can be chosen asks for them, and most calls may not be sampled.
    if (span.isRecording()) {
      span.setAllAttributes(
          switch (call.protocol()) {
            case GRPC -> ofGrpc(call, request);
            case REST -> ofRest(call, request);
          });
    }
    return new CallTrace(tracer, span, parent, began - nanoTime);
  }

  /// @param broken whether the answer did not reach its end
  static Ended ended(
      CallName call, CallRecord record, HttpServerResponse response, boolean broken) {
    CallOutcome outcome = CallOutcome.of(call, record, response, broken);
    String code = outcome.code().name();
    return switch (call.protocol()) {
      case GRPC ->
          new Ended(
              Attributes.builder().put("rpc.response.status_code", code).build(),
              outcome.reason(),
              CallTrace.isServerError(outcome.code()) ? code : null);
      case REST -> {
        AttributesBuilder attributes = Attributes.builder().put("nunchi.code", code);
        int status = response.getStatusCode();
        if (response.headWritten()) {
          attributes.put("http.response.status_code", status);
        }
        yield new Ended(
            attributes.build(),
            outcome.reason(),
            response.headWritten() && status >= 500 ? Integer.toString(status) : null);
      }
    };
  }

  /// Sends what waits, for a few seconds at most.
  @Override
  public void close() {
    sdk.getSdkTracerProvider().shutdown().join(FLUSH.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static Resource named(Resource resource) {
    AttributesBuilder attributes = Attributes.builder();
    // As the SDK names who says nothing.
    if (String.valueOf(resource.getAttributes().asMap().get(SERVICE))
        .startsWith("unknown_service")) {
      attributes.put(SERVICE, "nunchi");
    }
    if (!resource.getAttributes().asMap().containsKey(VERSION)) {
      ConfigProvider.getConfig()
          .getOptionalValue("quarkus.application.version", String.class)
          .ifPresent(version -> attributes.put(VERSION, version));
    }
    return resource.merge(Resource.create(attributes.build()));
  }

  private static String name(CallName call, HttpServerRequest request) {
    return switch (call.protocol()) {
      case GRPC -> call.isKnown() ? grpcMethod(call) : "grpc";
      case REST -> {
        String method = method(request).equals(OTHER) ? "HTTP" : method(request);
        @Nullable String route = route(call, request);
        yield route == null ? method : method + " " + route;
      }
    };
  }

  private static Attributes ofGrpc(CallName call, HttpServerRequest request) {
    AttributesBuilder attributes =
        Attributes.builder()
            .put("rpc.system.name", "grpc")
            .put("rpc.method", call.isKnown() ? grpcMethod(call) : OTHER);
    return withAddress(attributes, request);
  }

  private static Attributes ofRest(CallName call, HttpServerRequest request) {
    AttributesBuilder attributes =
        Attributes.builder()
            .put("http.request.method", method(request))
            .put("url.scheme", request.isSSL() ? "https" : "http")
            .put("network.protocol.version", version(request.version()));
    @Nullable String route = route(call, request);
    if (route != null) {
      attributes.put("http.route", route);
      if (!route.contains("{")) {
        attributes.put("url.path", route);
      }
    }
    return withAddress(attributes, request);
  }

  private static Attributes withAddress(AttributesBuilder attributes, HttpServerRequest request) {
    @Nullable SocketAddress local = request.localAddress();
    if (local != null && local.hostAddress() != null) {
      attributes.put("server.address", local.hostAddress()).put("server.port", local.port());
    }
    return attributes.build();
  }

  private static String grpcMethod(CallName call) {
    return SentimentServiceGrpc.SERVICE_NAME + "/" + call.method();
  }

  /// Null where the path is no endpoint's, and so the caller's own words.
  private static @Nullable String route(CallName call, HttpServerRequest request) {
    return call.isKnown() && CallName.path(request).startsWith("/v1/")
        ? ROUTES.get(call.method())
        : null;
  }

  private static String method(HttpServerRequest request) {
    String method = request.method().name();
    return METHODS.contains(method) ? method : OTHER;
  }

  private static String version(HttpVersion version) {
    return switch (version) {
      case HTTP_1_0 -> "1.0";
      case HTTP_1_1 -> "1.1";
      case HTTP_2 -> "2";
    };
  }

  /// Counts the spans that have ended and are sampled, whatever becomes of them.
  private record MadeSpans(Counter made) implements SpanProcessor {
    @Override
    public void onStart(Context parent, ReadWriteSpan span) {}

    @Override
    public boolean isStartRequired() {
      return false;
    }

    @Override
    public void onEnd(ReadableSpan span) {
      if (span.getSpanContext().isSampled()) {
        made.increment();
      }
    }

    @Override
    public boolean isEndRequired() {
      return true;
    }
  }
}
