package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.serve.TestAuthority.Issued;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class TlsFilesTest {
  @TempDir private Path directory;

  private Issued server;
  private Path authority;

  @BeforeEach
  void issue() {
    TestAuthority signer = new TestAuthority("authority");
    server = signer.issue(directory, "server");
    authority = signer.write(directory.resolve("authority.pem"));
  }

  @Test
  void check_pairAndAuthority_areTaken() {
    assertDoesNotThrow(() -> files(server.certificate(), server.key(), authority).check());
  }

  @Test
  void check_filesFromWindows_areTaken() throws IOException {
    for (Path file : List.of(server.certificate(), server.key(), authority)) {
      Files.writeString(file, "\uFEFF" + Files.readString(file).replace("\n", "\r\n"));
    }
    assertDoesNotThrow(() -> files(server.certificate(), server.key(), authority).check());
  }

  /// As cert-manager writes them unless it is told otherwise.
  @Test
  void check_keysOfOlderForms_areTaken() throws IOException {
    for (String kind : List.of("rsa-pkcs1", "ec-sec1")) {
      Path certificate = resource(kind + ".pem");
      assertDoesNotThrow(() -> files(certificate, resource(kind + ".key"), authority).check());
      assertRefused(
          "The TLS key " + server.key(),
          "not the key of the certificate in " + certificate,
          certificate,
          server.key(),
          authority);
    }
  }

  @Test
  void check_keyWithAPassword_saysWhatToDo() throws IOException {
    assertRefused(
        "The TLS key " + resource("rsa-encrypted.key"),
        "encoding: PKCS8",
        resource("rsa-pkcs1.pem"),
        resource("rsa-encrypted.key"),
        authority);
  }

  private Path resource(String name) throws IOException {
    Path file = directory.resolve(name);
    try (InputStream in = Objects.requireNonNull(getClass().getResourceAsStream(name))) {
      Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
    }
    return file;
  }

  @Test
  void check_utf16_isNamed() throws IOException {
    Files.writeString(server.key(), Files.readString(server.key()), StandardCharsets.UTF_16);
    assertRefused(
        "The TLS key " + server.key(),
        "it is UTF-16",
        server.certificate(),
        server.key(),
        authority);
  }

  @Test
  void check_missingFile_isNamed() {
    Path none = directory.resolve("none");
    assertRefused("The TLS certificate " + none, "does not exist", none, server.key(), authority);
    assertRefused("The TLS key " + none, "does not exist", server.certificate(), none, authority);
    assertRefused(
        "The TLS client authority " + none,
        "does not exist",
        server.certificate(),
        server.key(),
        none);
  }

  /// Reading it would wait for a writer, and nobody could read it again.
  @Test
  @Timeout(20)
  void check_pipe_isRefusedAtOnce() throws Exception {
    Path pipe = directory.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    assertRefused(
        "The TLS certificate " + pipe, "is a pipe or a device", pipe, server.key(), authority);
  }

  @Test
  void check_filesExchanged_saysWhatEachLacks() {
    assertRefused(
        "The TLS certificate " + server.key(),
        "holds no '-----BEGIN CERTIFICATE-----'",
        server.key(),
        server.certificate(),
        authority);
    assertRefused(
        "The TLS key " + authority, "PKCS #8", server.certificate(), authority, authority);
  }

  @Test
  void check_keyOfAnotherCertificate_isRefused() {
    Issued other = new TestAuthority("other").issue(directory, "other");
    assertRefused(
        "The TLS key " + other.key(),
        "not the key of the certificate in " + server.certificate(),
        server.certificate(),
        other.key(),
        authority);
  }

  @Test
  void check_damagedContents_areRefused() throws IOException {
    Path broken = directory.resolve("broken.pem");
    Files.writeString(broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assertRefused("The TLS certificate " + broken, "damaged", broken, server.key(), authority);
    Files.writeString(broken, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    assertRefused("The TLS key " + broken, "damaged", server.certificate(), broken, authority);
  }

  private static void assertRefused(
      String beginning, String why, Path certificate, Path key, Path authority) {
    NunchiException refused =
        assertThrows(NunchiException.class, () -> files(certificate, key, authority).check());
    assertEquals(Reason.INVALID_ARGUMENT, refused.reason());
    String message = refused.getMessage();
    assertTrue(message.startsWith(beginning + " cannot be used: "), message);
    assertTrue(message.contains(why), message);
  }

  private static TlsFiles files(Path certificate, Path key, Path authority) {
    return new TlsFiles(certificate, key, List.of(authority));
  }
}
