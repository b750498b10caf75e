package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.nunchi.serve.SecureClient.Outcome;
import dev.nunchi.serve.TestAuthority.Issued;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.Certificate;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(TlsServer.class)
class TlsAccessTest extends AccessCases {
  @TempDir private Path temporary;

  @Override
  Set<Caller> connecting() {
    // It asks for no certificate, so it does not matter which is there.
    return EnumSet.complementOf(EnumSet.of(Caller.PLAIN, Caller.NOT_TRUSTING));
  }

  @Override
  SecureClient client(Caller caller) {
    return tlsClient(TlsServer.port(), TlsServer.directory(), caller);
  }

  @Test
  void certificate_filesReplaced_isTheNewOneForNewConnections() throws Exception {
    Issued files = TlsServer.issued("server");
    Issued old = copy(files, "old");
    Certificate before = client(Caller.TRUSTING).serverCertificate();
    assertEquals(SecureClient.certificate(files.certificate()), before);
    TestAuthority newcomer = new TestAuthority("newcomer");
    Path trusted = newcomer.write(temporary.resolve("newcomer.pem"));
    Issued issued = newcomer.issue(temporary, "replacement");
    try {
      // Half of it first: a key that does not fit must not be loaded.
      Files.copy(issued.key(), files.key(), StandardCopyOption.REPLACE_EXISTING);
      Thread.sleep(600);
      assertEquals(before, client(Caller.TRUSTING).serverCertificate());
      Files.copy(issued.certificate(), files.certificate(), StandardCopyOption.REPLACE_EXISTING);
      SecureClient client =
          new SecureClient(TlsServer.port(), Optional.of(trusted), Optional.empty());
      await(client, "the new certificate");
      assertEquals(SecureClient.certificate(issued.certificate()), client.serverCertificate());
      assertEquals(Outcome.OK, client.rest(false, Token.RIGHT.header()));
      assertEquals(Outcome.UNAUTHENTICATED, client.grpc(false, null));
      assertNotEquals(Outcome.OK, client(Caller.TRUSTING).grpc(false, Token.RIGHT.header()));
    } finally {
      Files.copy(old.key(), files.key(), StandardCopyOption.REPLACE_EXISTING);
      Files.copy(old.certificate(), files.certificate(), StandardCopyOption.REPLACE_EXISTING);
      await(client(Caller.TRUSTING), "the old certificate again");
    }
  }

  private Issued copy(Issued files, String name) throws Exception {
    return new Issued(
        Files.copy(files.certificate(), temporary.resolve(name + ".pem")),
        Files.copy(files.key(), temporary.resolve(name + ".key")));
  }

  private static void await(SecureClient client, String what) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (client.grpc(true, null) != Outcome.OK) {
      if (System.nanoTime() > end) {
        throw new AssertionError("No connection gets " + what);
      }
      Thread.sleep(50);
    }
  }
}
