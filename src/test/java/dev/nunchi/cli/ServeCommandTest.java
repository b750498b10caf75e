package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.quarkus.runtime.QuarkusBindException;
import java.net.BindException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class ServeCommandTest {
  @Test
  void settings_noOptions_leavesTheDefaults() {
    assertEquals(Map.of(), settings());
  }

  @Test
  void settings_models_areNamedWhereTheyHaveAName() {
    assertEquals(
        Map.of(
            "nunchi.models[0].directory", "my-model",
            "nunchi.models[1].name", "movies",
            "nunchi.models[1].directory", "/models/a=b",
            "nunchi.models[2].directory", "/models/c=d"),
        settings("--model", "my-model", "--model", "movies=/models/a=b", "--model", "/models/c=d"));
  }

  @Test
  void settings_everyOption_isPassedOn() {
    assertEquals(
        Map.of(
            "quarkus.http.port", "0",
            "quarkus.http.host", "127.0.0.1",
            "nunchi.device", "CPU",
            "nunchi.threads", "2"),
        settings("--port", "0", "--host", "127.0.0.1", "--device", "cpu", "--threads", "2"));
  }

  @Test
  void settings_tls_closesThePortWithoutIt() {
    assertEquals(
        Map.of(
            "quarkus.http.ssl-port", "9443",
            "quarkus.http.insecure-requests", "disabled",
            "quarkus.tls.key-store.pem.0.cert", "a.pem",
            "quarkus.tls.key-store.pem.0.key", "a.key",
            "quarkus.tls.trust-store.pem.certs[0]", "ca.pem"),
        settings(
            "--port=9443", "--tls-cert=a.pem", "--tls-key=a.key", "--tls-client-ca", "ca.pem"));
  }

  @Test
  void settings_tokensAndAccessLog_arePassedOn() {
    assertEquals(
        Map.of("nunchi.auth.tokens-file", "tokens.txt", "nunchi.access-log", "true"),
        settings("--access-log", "--tokens", "tokens.txt"));
    assertEquals(
        Map.of(
            "nunchi.access-log", "true",
            "quarkus.log.handler.file.\"access-file\".enabled", "true",
            "quarkus.log.handler.file.\"access-file\".path", "calls.jsonl",
            "quarkus.log.handler.file.\"access-file\".format", "%s%n",
            "quarkus.log.category.\"dev.nunchi.access\".handlers", "access-file"),
        settings("--access-log=calls.jsonl"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--tls-cert=a.pem",
        "--tls-key=a.key",
        "--tls-client-ca=ca.pem",
        "--tls-client-ca=ca.pem --tls-key=a.key"
      })
  void settings_halfOfTls_isAUsageError(String options) {
    assertThrows(CommandLine.ParameterException.class, () -> settings(options.split(" ", -1)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"--port=-1", "--port=65536", "--port=x", "--threads=0", "--device=tpu"})
  void settings_badValue_isAUsageError(String option) {
    assertThrows(CommandLine.ParameterException.class, () -> settings(option));
  }

  @Test
  void reported_refusal_isTheSentenceOfTheRefusal() {
    NunchiException refused = new NunchiException(Reason.INVALID_MODEL, "x");
    assertSame(refused, ServeCommand.reported(new RuntimeException("a", new Error(refused))));
  }

  @Test
  void reported_portInUse_namesIt() {
    assertEquals(
        "Port 8080 of 0.0.0.0 is in use by another program; choose another one with --port",
        ServeCommand.reported(
                new RuntimeException(
                    new QuarkusBindException("0.0.0.0", 8080, new BindException())))
            .getMessage());
  }

  @Test
  void reported_anythingElse_isKept() {
    Exception failure = new Exception("odd");
    assertSame(failure, ServeCommand.reported(failure).getCause());
  }

  private static Map<String, String> settings(String... arguments) {
    ServeCommand command = new ServeCommand();
    new CommandLine(command).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(arguments);
    return command.settings();
  }
}
