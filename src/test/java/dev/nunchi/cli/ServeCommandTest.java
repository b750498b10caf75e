package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.serve.ModelName;
import io.quarkus.runtime.QuarkusBindException;
import java.io.IOException;
import java.net.BindException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class ServeCommandTest {
  @Test
  void settings_noOptions_leavesTheDefaults() {
    assertEquals(Map.of(), settings());
  }

  @Test
  void settings_basesAndADirectoryOfModels_areSettingsOfTheServer() {
    assertEquals(
        Map.of(
            "nunchi.bases[0]", "one", "nunchi.bases[1]", "two", "nunchi.models-directory", "all"),
        settings("--base", "one", "--base", "two", "--models", "all"));
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
  void settings_koreanName_isAName() {
    Map<String, String> expected =
        Map.of("nunchi.models[0].name", "영화", "nunchi.models[0].directory", "/models/run=3/a");
    assertEquals(expected, settings("--model", "영화=/models/run=3/a"));
    assertEquals(
        expected,
        settings("--model", Normalizer.normalize("영화", Normalizer.Form.NFD) + "=/models/run=3/a"));
  }

  @Test
  void settings_directoryWithAnEqualsSign_isOneWhereItIsThere(@TempDir Path folder)
      throws IOException {
    Path working = Path.of("").toAbsolutePath();
    Files.createDirectories(folder.resolve("run=3"));
    String relative = working.relativize(folder).toString();
    assertEquals(
        Map.of("nunchi.models[0].directory", relative + "/run=3"),
        settings("--model", relative + "/run=3"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"=dir", "a:b=dir", "😀=dir", "-=dir"})
  void settings_nameThatIsNone_saysWhatANameIsMadeOf(String model) {
    CommandLine.ParameterException refused =
        assertThrows(CommandLine.ParameterException.class, () -> settings("--model=" + model));
    assertTrue(String.valueOf(refused.getMessage()).contains(ModelName.RULE), refused.getMessage());
  }

  /// As of a shell variable that was never set.
  @ParameterizedTest
  @ValueSource(strings = {"", " ", "영화=", "영화= "})
  void settings_modelWithoutDirectory_isAUsageError(String model) {
    CommandLine.ParameterException refused =
        assertThrows(
            CommandLine.ParameterException.class,
            () -> settings("--model", model, "--model", "models/nsmc-small"));
    assertEquals(
        "--model expected [NAME=]DIR but was '%s', which names no directory".formatted(model),
        refused.getMessage());
  }

  @Test
  void settings_hostAsInAUrl_isTheAddress() {
    assertEquals(Map.of("quarkus.http.host", "::1"), settings("--host", "[::1]"));
    assertThrows(CommandLine.ParameterException.class, () -> settings("--host", " "));
  }

  @Test
  void settings_everyOption_isPassedOn() {
    assertEquals(
        Map.of(
            "quarkus.http.port", "0",
            "quarkus.http.host", "127.0.0.1",
            "nunchi.device", "CPU",
            "nunchi.warm-up", "20S",
            "nunchi.threads", "2"),
        settings("--port=0", "--host=127.0.0.1", "--device=cpu", "--threads=2", "--warm-up=20"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "601"})
  void settings_warmUpOutOfRange_isRefused(String seconds) {
    CommandLine.ParameterException refused =
        assertThrows(CommandLine.ParameterException.class, () -> settings("--warm-up=" + seconds));
    assertEquals("--warm-up is from 0 to 600 seconds, not " + seconds, refused.getMessage());
  }

  @Test
  void settings_playground_isPassedOnWhereItIsSaid() {
    assertEquals(Map.of("nunchi.playground", "true"), settings("--playground"));
    assertEquals(Map.of("nunchi.playground", "false"), settings("--no-playground"));
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
        Map.of(
            "nunchi.auth.tokens-file",
            "tokens.txt",
            "nunchi.auth.admin-tokens-file",
            "admins.txt",
            "nunchi.access-log",
            "true"),
        settings("--access-log", "--tokens", "tokens.txt", "--admin-tokens", "admins.txt"));
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
    assertSame(
        refused, ServeCommand.reported(new RuntimeException("a", new Error(refused)), "0.0.0.0"));
  }

  @Test
  void reported_portInUse_namesIt() {
    assertEquals(
        "Port 8080 of 0.0.0.0 is in use by another program; choose another one with --port",
        ServeCommand.reported(
                new RuntimeException(
                    new QuarkusBindException("0.0.0.0", 8080, new BindException())),
                "0.0.0.0")
            .getMessage());
  }

  @Test
  void reported_addressOfAnotherMachine_saysSoAndWhatThisOneHas() {
    // Of the block for documentation (RFC 5737).
    String sentence =
        sentence(new QuarkusBindException("192.0.2.1", 8080, new BindException("Cannot assign")));
    assertTrue(
        sentence.startsWith("192.0.2.1 is no address of this machine, which has "), sentence);
    assertTrue(sentence.contains("127.0.0.1"), sentence);
  }

  @Test
  void reported_unknownName_namesIt() {
    String sentence = sentence(new UnknownHostException("failed to resolve"));
    assertTrue(sentence.startsWith("No machine of the name nowhere.invalid is known"), sentence);
  }

  @Test
  void reported_portOfTheSystem_saysWhichOnesAreFree() {
    assertEquals(
        "Port 80 may not be opened by this user; choose one from 1024 on with --port",
        sentence(new QuarkusBindException("0.0.0.0", 80, new BindException("Permission denied"))));
  }

  @Test
  void reported_networkThatIsNotThere_saysSo() {
    String sentence = sentence(new SocketException("Protocol family unavailable"));
    assertTrue(sentence.startsWith("This machine has no network of the kind of "), sentence);
  }

  private static String sentence(Exception cause) {
    return String.valueOf(
        ServeCommand.reported(new RuntimeException(cause), "nowhere.invalid").getMessage());
  }

  @Test
  void checkTemporary_placeThatIsNoFolder_saysWhatToDo(@TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");
    NunchiException refused =
        assertThrows(NunchiException.class, () -> ServeCommand.checkTemporary(file));
    String sentence = String.valueOf(refused.getMessage());
    assertTrue(
        sentence.startsWith("The folder for temporary files, " + file + ", cannot be written"),
        sentence);
    assertTrue(sentence.endsWith("-Djava.io.tmpdir=DIR"), sentence);
  }

  @Test
  void checkTemporary_folderThatIsMissing_isMade(@TempDir Path directory) {
    Path folder = directory.resolve("tmp");
    ServeCommand.checkTemporary(folder);
    assertTrue(Files.isDirectory(folder));
  }

  @Test
  void reported_anythingElse_isKept() {
    Exception failure = new Exception("odd");
    assertSame(failure, ServeCommand.reported(failure, "0.0.0.0").getCause());
  }

  private static Map<String, String> settings(String... arguments) {
    ServeCommand command = new ServeCommand();
    new CommandLine(command).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(arguments);
    return command.settings();
  }
}
