package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TracingConfigTest {
  private static final String ENDPOINT = "otel.exporter.otlp.endpoint";

  @Test
  void from_nothingSaid_tracesNothing() {
    assertEquals(Optional.empty(), config(Map.of()));
    assertEquals(Optional.empty(), config(Map.of("otel.service.name", "a", ENDPOINT, "")));
  }

  @Test
  void from_switchedOff_tracesNothing() {
    assertEquals(
        Optional.empty(), config(Map.of(ENDPOINT, "http://a:4317", "otel.sdk.disabled", "TRUE")));
    assertEquals(
        Optional.empty(),
        config(Map.of(ENDPOINT, "http://a:4317", "otel.traces.exporter", "none")));
  }

  @ParameterizedTest
  @CsvSource({
    "http://collector:4317, , http://collector:4317, grpc",
    "http://collector:4318, , http://collector:4318, http/protobuf",
    "http://collector:4318, grpc, http://collector:4318, grpc",
    "http://collector:4317, http/protobuf, http://collector:4317, http/protobuf",
    "https://user:secret@collector/path?query, , https://collector, http/protobuf",
    "'', grpc, http://localhost:4317, grpc",
    "'', , http://localhost:4318, http/protobuf",
  })
  void from_endpoint_saysWhereAndHow(
      String endpoint, String protocol, String shown, String expected) {
    TracingConfig config =
        config(
                Map.of(
                    ENDPOINT,
                    endpoint,
                    "otel.traces.exporter",
                    "otlp",
                    "otel.exporter.otlp.protocol",
                    protocol == null ? "" : protocol))
            .orElseThrow();
    assertEquals(shown, config.endpoint());
    assertEquals(expected, config.protocol());
    assertEquals("parentbased_always_on", config.sampler());
  }

  @Test
  void from_settingsOfTracesAlone_goBeforeThoseOfAll() {
    TracingConfig config =
        config(
                Map.of(
                    ENDPOINT,
                    "http://all:4317",
                    "otel.exporter.otlp.traces.endpoint",
                    "http://traces:9999",
                    "otel.exporter.otlp.protocol",
                    "http/protobuf",
                    "otel.exporter.otlp.traces.protocol",
                    "grpc",
                    "otel.traces.sampler",
                    "traceidratio",
                    "otel.traces.sampler.arg",
                    "0.1"))
            .orElseThrow();
    assertEquals("http://traces:9999", config.endpoint());
    assertEquals("grpc", config.protocol());
    assertEquals("traceidratio 0.1", config.sampler());
  }

  @Test
  void from_environment_isRead() {
    TracingConfig config =
        TracingConfig.from(
                new SmallRyeConfigBuilder()
                    .withSources(
                        new EnvConfigSource(
                            Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317"), 300))
                    .build())
            .orElseThrow();
    assertEquals("http://collector:4317", config.endpoint());
  }

  @ParameterizedTest
  @ValueSource(strings = {"collector:4317", "ftp://collector", "http://", "http://a b", "x"})
  void from_endpointThatIsNone_isRefusedWithoutRepeatingIt(String endpoint) {
    NunchiException refused =
        assertThrows(NunchiException.class, () -> config(Map.of(ENDPOINT, endpoint)));
    assertEquals(Reason.INVALID_ARGUMENT, refused.reason());
    assertEquals(
        "otel.exporter.otlp.endpoint is a URL such as http://localhost:4317", refused.getMessage());
  }

  @Test
  void from_whatIsNotThere_isRefusedByName() {
    NunchiException exporter =
        assertThrows(NunchiException.class, () -> config(Map.of("otel.traces.exporter", "zipkin")));
    assertEquals("otel.traces.exporter is otlp or none, not 'zipkin'", exporter.getMessage());
    NunchiException protocol =
        assertThrows(
            NunchiException.class,
            () ->
                config(Map.of(ENDPOINT, "http://a:1", "otel.exporter.otlp.protocol", "http/json")));
    assertEquals(
        "otel.exporter.otlp.protocol is grpc or http/protobuf, not 'http/json'",
        protocol.getMessage());
  }

  private static Optional<TracingConfig> config(Map<String, String> settings) {
    return TracingConfig.from(
        new SmallRyeConfigBuilder()
            .withSources(new PropertiesConfigSource(settings, "test", 100))
            .build());
  }
}
