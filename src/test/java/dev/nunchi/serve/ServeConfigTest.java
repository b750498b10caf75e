package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.InferenceOptions.Device;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServeConfigTest {
  @Test
  void defaults_areTheDocumentedOnes() {
    ServeConfig config = config(Map.of());
    assertEquals(List.of(), config.models());
    assertEquals(Optional.empty(), config.modelsDirectory());
    assertEquals(List.of(), config.bases());
    assertEquals(Optional.empty(), config.home());
    assertEquals(Device.AUTO, config.device());
    assertEquals(OptionalInt.empty(), config.threads());
    assertEquals(OptionalInt.empty(), config.loneTextThreads());
    assertEquals(2048, config.queueSize());
    assertEquals(8192, config.maxTextBytes());
    assertEquals(64, config.maxBatchSize());
    assertEquals(256, config.maxStreamItems());
    assertEquals(256, config.streams().most());
    assertEquals(4 << 20, config.maxMessageBytes());
    assertEquals(new StreamLimits(256, 128, 128, Duration.ofMinutes(5)), config.streams());
    assertEquals(
        new ConnectionLimits(
            2048, 1024, Duration.ofSeconds(20), Duration.ofSeconds(60), Duration.ofSeconds(30)),
        config.connections());
    assertEquals(
        new Allowances.Settings(TextLimit.Given.NOTHING, Optional.empty(), 100_000),
        config.callers());
    assertEquals(OptionalInt.empty(), config.healthPort());
    assertEquals(Duration.ofSeconds(60), config.restTimeout());
    assertEquals(Duration.ZERO, config.shutdownDelay());
    assertEquals(Duration.ofSeconds(15), config.idleMemoryAfter());
    assertTrue(config.privateCopy());
    assertEquals(Optional.empty(), config.tokensFile());
    assertEquals(Optional.empty(), config.adminTokensFile());
    assertEquals(Optional.empty(), config.oidc());
    assertFalse(config.openMetrics());
    assertFalse(config.accessLog());
    assertTrue(config.playground());
    assertEquals(Duration.ofSeconds(5), config.reloadPeriod());
  }

  @Test
  void names_areTheDocumentedOnes() {
    ServeConfig config =
        config(
            Map.ofEntries(
                Map.entry("nunchi.models[0].directory", "a"),
                Map.entry("nunchi.models[1].name", "second"),
                Map.entry("nunchi.models[1].directory", "b"),
                Map.entry("nunchi.models-directory", "all"),
                Map.entry("nunchi.bases[0]", "c"),
                Map.entry("nunchi.bases[1]", "d"),
                Map.entry("nunchi.home", "/opt/nunchi"),
                Map.entry("nunchi.device", "cuda"),
                Map.entry("nunchi.threads", "3"),
                Map.entry("nunchi.lone-text-threads", "2"),
                Map.entry("nunchi.queue-size", "7"),
                Map.entry("nunchi.limits.max-text-bytes", "100"),
                Map.entry("nunchi.limits.max-batch-size", "8"),
                Map.entry("nunchi.limits.max-stream-items", "9"),
                Map.entry("nunchi.limits.max-streams", "10"),
                Map.entry("nunchi.limits.max-message-bytes", "11")));
    assertEquals(Optional.empty(), config.models().get(0).name());
    assertEquals("a", config.models().get(0).directory());
    assertEquals(Optional.of("second"), config.models().get(1).name());
    assertEquals(Optional.of(Path.of("all")), config.modelsDirectory());
    assertEquals(List.of(Path.of("c"), Path.of("d")), config.bases());
    assertEquals(Optional.of("/opt/nunchi"), config.home());
    assertEquals(Device.CUDA, config.device());
    assertEquals(OptionalInt.of(3), config.threads());
    assertEquals(OptionalInt.of(2), config.loneTextThreads());
    assertEquals(7, config.queueSize());
    assertEquals(100, config.maxTextBytes());
    assertEquals(8, config.maxBatchSize());
    assertEquals(9, config.maxStreamItems());
    assertEquals(10, config.streams().most());
    assertEquals(11, config.maxMessageBytes());
  }

  @Test
  void namesOfOperations_areTheDocumentedOnes() {
    ServeConfig config =
        config(
            Map.of(
                "nunchi.auth.tokens-file", "tokens.txt",
                "nunchi.auth.admin-tokens-file", "admins.txt",
                "nunchi.private-copy", "false",
                "nunchi.auth.open-metrics", "true",
                "nunchi.access-log", "TRUE",
                "nunchi.rest-timeout", "1.5S",
                "nunchi.shutdown-delay", "10S",
                "nunchi.warm-up", "20S",
                "nunchi.idle-memory-after", "0S",
                "nunchi.reload-period", "1M30S"));
    assertEquals(Optional.of(Path.of("tokens.txt")), config.tokensFile());
    assertEquals(Optional.of(Path.of("admins.txt")), config.adminTokensFile());
    assertFalse(config.privateCopy());
    assertEquals(Duration.ofSeconds(20), config.warmUp());
    assertTrue(config.openMetrics());
    assertTrue(config.accessLog());
    assertEquals(Duration.ofMillis(1500), config.restTimeout());
    assertEquals(Duration.ofSeconds(10), config.shutdownDelay());
    assertEquals(Duration.ZERO, config.idleMemoryAfter());
    assertEquals(Duration.ofSeconds(90), config.reloadPeriod());
  }

  @Test
  void namesOfLimitsOfTheTransport_areTheDocumentedOnes() {
    ServeConfig config =
        config(
            Map.of(
                "nunchi.limits.max-streams", "10",
                "nunchi.limits.max-streams-per-connection", "0",
                "nunchi.limits.max-streams-per-caller", "3",
                "nunchi.limits.stream-idle-timeout", "1M",
                "nunchi.limits.max-connections", "5",
                "nunchi.limits.max-connections-per-address", "4",
                "nunchi.limits.header-timeout", "1S",
                "nunchi.limits.body-timeout", "2S",
                "nunchi.limits.write-timeout", "0S",
                "nunchi.health-port", "9000"));
    assertEquals(new StreamLimits(10, 0, 3, Duration.ofMinutes(1)), config.streams());
    assertEquals(
        new ConnectionLimits(5, 4, Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ZERO),
        config.connections());
    assertEquals(OptionalInt.of(9000), config.healthPort());
  }

  @Test
  void namesOfLimitsOfCallers_areTheDocumentedOnes() {
    ServeConfig config =
        config(
            Map.of(
                "nunchi.limits.texts-per-second", "2.5",
                "nunchi.limits.burst", "10",
                "nunchi.limits.texts-per-day", "1000",
                "nunchi.limits.callers-file", "limits.txt",
                "nunchi.limits.max-counted-callers", "7"));
    assertEquals(
        new Allowances.Settings(
            new TextLimit.Given(
                OptionalLong.of(2_500), OptionalLong.of(10), OptionalLong.of(1_000)),
            Optional.of(Path.of("limits.txt")),
            7),
        config.callers());
  }

  @Test
  void namesOfOidc_areTheDocumentedOnes() {
    String issuer = "nunchi.oidc.issuer";
    String audience = "nunchi.oidc.audience";
    OidcSettings few =
        config(Map.of(issuer, "https://id.example/realm", audience, "nunchi")).oidc().orElseThrow();
    assertEquals(
        new OidcSettings(
            URI.create("https://id.example/realm"),
            "nunchi",
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Duration.ofMinutes(5)),
        few);
    assertEquals(
        "https://id.example/realm/.well-known/openid-configuration", few.discovery().toString());
    assertEquals(Duration.ofSeconds(10), few.leastPeriod());
    ServeConfig config =
        config(
            Map.of(
                issuer,
                "http://127.0.0.1:8081/",
                audience,
                "nunchi",
                "nunchi.oidc.jwks-url",
                "https://id.example/keys?a=b",
                "nunchi.oidc.ca-file",
                "ca.pem",
                "nunchi.oidc.admin-role",
                "admin",
                "nunchi.oidc.keys-period",
                "1M"));
    OidcSettings all = config.oidc().orElseThrow();
    assertEquals(
        new OidcSettings(
            URI.create("http://127.0.0.1:8081/"),
            "nunchi",
            Optional.of(URI.create("https://id.example/keys?a=b")),
            Optional.of(Path.of("ca.pem")),
            Optional.of("admin"),
            Duration.ofMinutes(1)),
        all);
    assertEquals(
        "http://127.0.0.1:8081/.well-known/openid-configuration", all.discovery().toString());
    assertFalse(config.playground());
  }

  @Test
  void oidc_issuerWithoutAudience_isRefusedByName() {
    NunchiException refused =
        assertThrows(
            NunchiException.class,
            () -> config(Map.of("nunchi.oidc.issuer", "https://id.example")));
    assertTrue(refused.getMessage().startsWith("nunchi.oidc.audience is missing"));
  }

  @Test
  void playground_withTokens_isThereWhenAskedFor() {
    String tokens = "nunchi.auth.tokens-file";
    assertFalse(config(Map.of(tokens, "tokens.txt")).playground());
    assertTrue(config(Map.of(tokens, "tokens.txt", "nunchi.playground", "true")).playground());
    assertFalse(config(Map.of("nunchi.playground", "false")).playground());
  }

  @ParameterizedTest
  @CsvSource({
    "nunchi.limits.max-connections, -1",
    "nunchi.oidc.issuer, id.example",
    "nunchi.oidc.issuer, http://id.example",
    "nunchi.oidc.issuer, http://localhost.example",
    "nunchi.oidc.issuer, http://127.0.0.1.example",
    "nunchi.oidc.issuer, https://user:secret@id.example",
    "nunchi.oidc.issuer, https://id.example?a=b",
    "nunchi.oidc.issuer, ftp://id.example",
    "nunchi.oidc.issuer, 'https://id example'",
    "nunchi.oidc.audience, nunchi",
    "nunchi.oidc.jwks-url, https://id.example/keys",
    "nunchi.oidc.admin-role, admin",
    "nunchi.oidc.key, x",
    "nunchi.limits.texts-per-second, -1",
    "nunchi.limits.texts-per-second, many",
    "nunchi.limits.texts-per-day, 0.5",
    "nunchi.limits.burst, 5",
    "nunchi.limits.max-counted-callers, 0",
    "nunchi.limits.header-timeout, 10",
    "nunchi.health-port, 65536",
    "nunchi.auth.open-metrics, maybe",
    "nunchi.playground, yes",
    "nunchi.access-log, 1",
    "nunchi.auth.token-file, x",
    "nunchi.reload-period, often",
    "nunchi.reload-period, 0S",
    "nunchi.rest-timeout, 100",
    "nunchi.rest-timeout, 0S",
    "nunchi.shutdown-delay, -1S",
    "nunchi.warm-up, 20",
    "nunchi.device, gpu",
    "nunchi.threads, 0",
    "nunchi.threads, many",
    "nunchi.lone-text-threads, 0",
    "nunchi.queue-size, -1",
    "nunchi.limits.max-text-bytes, 0",
    "nunchi.limits.max-tokens, 5",
    "nunchi.limits.max-message-bytes, 9000000",
    "nunchi.modelz, x"
  })
  void from_badSetting_isRefusedByName(String key, String value) {
    NunchiException refused = assertThrows(NunchiException.class, () -> config(Map.of(key, value)));
    assertEquals(Reason.INVALID_ARGUMENT, refused.reason());
    assertTrue(String.valueOf(refused.getMessage()).startsWith(key + " "), refused.getMessage());
  }

  @Test
  void from_modelWithoutDirectory_isRefusedByName() {
    NunchiException refused =
        assertThrows(NunchiException.class, () -> config(Map.of("nunchi.models[0].name", "x")));
    assertEquals("nunchi.models[0].directory is missing", refused.getMessage());
  }

  @Test
  void from_environment_isReadAndMayHoldMore() {
    ServeConfig config =
        ServeConfig.from(
            new SmallRyeConfigBuilder()
                .withSources(
                    new EnvConfigSource(
                        Map.of(
                            "NUNCHI_MODELS_0__DIRECTORY", "a",
                            "NUNCHI_MODELS_0__NAME", "movies",
                            "NUNCHI_QUEUE_SIZE", "7",
                            "NUNCHI_LIMITS_MAX_TEXT_BYTES", "100",
                            "NUNCHI_DEBUG", "1",
                            "NUNCHI_JAVA_OPTS", "-Xmx1g"),
                        300))
                .build());
    assertEquals(List.of(new ServeConfig.Source(Optional.of("movies"), "a")), config.models());
    assertEquals(7, config.queueSize());
    assertEquals(100, config.maxTextBytes());
  }

  private static ServeConfig config(Map<String, String> properties) {
    return ServeConfig.from(
        new SmallRyeConfigBuilder()
            .withSources(new PropertiesConfigSource(properties, "test", 100))
            .build());
  }
}
