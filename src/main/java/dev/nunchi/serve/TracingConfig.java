package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.smallrye.config.SmallRyeConfig;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Whether calls are traced, and where the traces go, by OpenTelemetry's own settings: `OTEL_*` in
/// the environment or `otel.*` in system properties.
///
/// They are traced where an endpoint is named (`otel.exporter.otlp.endpoint` or
/// `otel.exporter.otlp.traces.endpoint`) or an exporter (`otel.traces.exporter=otlp`), unless
/// `otel.sdk.disabled` is true or the exporter is `none`. All else is read by the SDK.
///
/// Free of OpenTelemetry's classes, none of which is loaded where nothing is traced.
///
/// @param endpoint of the collector, for people: without user, path and query
/// @param protocol `grpc` or `http/protobuf`; where none is named, by the port: 4317 is gRPC's
/// @param sampler which traces are kept, as `otel.traces.sampler` names it
/// @param properties `otel.*` as the server's settings have them; the SDK reads the environment
///   itself
record TracingConfig(
    String endpoint, String protocol, String sampler, Map<String, String> properties) {
  private static final String GRPC = "grpc";
  private static final String HTTP = "http/protobuf";
  private static final int GRPC_PORT = 4317;

  TracingConfig {
    properties = Map.copyOf(properties);
  }

  /// @return empty where nothing is traced
  /// @throws NunchiException `INVALID_ARGUMENT` for a value that cannot be used
  static Optional<TracingConfig> from(SmallRyeConfig config) {
    @Nullable String exporter = value(config, "otel.traces.exporter");
    @Nullable String general = value(config, "otel.exporter.otlp.endpoint");
    @Nullable String traces = value(config, "otel.exporter.otlp.traces.endpoint");
    @Nullable String endpoint = traces == null ? general : traces;
    if ("true".equalsIgnoreCase(value(config, "otel.sdk.disabled"))
        || "none".equals(exporter)
        || (exporter == null && endpoint == null)) {
      return Optional.empty();
    }
    if (exporter != null && !exporter.equals("otlp")) {
      throw invalid("otel.traces.exporter is otlp or none, not '%s'".formatted(exporter));
    }
    @Nullable String named = value(config, "otel.exporter.otlp.traces.protocol");
    named = named == null ? value(config, "otel.exporter.otlp.protocol") : named;
    if (named != null && !named.equals(GRPC) && !named.equals(HTTP)) {
      throw invalid(
          "otel.exporter.otlp.protocol is grpc or http/protobuf, not '%s'".formatted(named));
    }
    URI uri =
        uri(endpoint == null ? "http://localhost:" + (GRPC.equals(named) ? 4317 : 4318) : endpoint);
    String protocol = named == null ? uri.getPort() == GRPC_PORT ? GRPC : HTTP : named;
    Map<String, String> properties = new HashMap<>();
    for (String name : config.getPropertyNames()) {
      if (name.startsWith("otel.")) {
        config.getOptionalValue(name, String.class).ifPresent(value -> properties.put(name, value));
      }
    }
    return Optional.of(
        new TracingConfig(
            "%s://%s%s"
                .formatted(
                    uri.getScheme(), uri.getHost(), uri.getPort() == -1 ? "" : ":" + uri.getPort()),
            protocol,
            sampler(config),
            properties));
  }

  private static String sampler(SmallRyeConfig config) {
    @Nullable String sampler = value(config, "otel.traces.sampler");
    @Nullable String argument = value(config, "otel.traces.sampler.arg");
    return sampler == null
        ? "parentbased_always_on"
        : argument == null ? sampler : sampler + " " + argument;
  }

  private static URI uri(String endpoint) {
    try {
      URI uri = URI.create(endpoint);
      if (uri.getHost() != null
          && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      // Told below.
    }
    // It may hold a password.
    throw invalid("otel.exporter.otlp.endpoint is a URL such as http://localhost:4317");
  }

  private static @Nullable String value(SmallRyeConfig config, String name) {
    return config.getOptionalValue(name, String.class).map(String::strip).orElse(null);
  }

  private static NunchiException invalid(String message) {
    return new NunchiException(Reason.INVALID_ARGUMENT, message);
  }
}
