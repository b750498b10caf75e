package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.serve.SecureClient.Outcome;
import dev.nunchi.serve.TestAuthority.Issued;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(TlsServer.Mutual.class)
class MutualTlsAccessTest extends AccessCases {
  @TempDir private Path temporary;

  @Override
  Set<Caller> connecting() {
    return Set.of(Caller.WITH_CERTIFICATE);
  }

  @Override
  SecureClient client(Caller caller) {
    return tlsClient(TlsServer.port(), TlsServer.directory(), caller);
  }

  @Test
  void clientAuthority_fileReplaced_decidesWhoConnects() throws Exception {
    Path file = TlsServer.directory().resolve("authority.pem");
    Path old = Files.copy(file, temporary.resolve("old.pem"));
    TestAuthority newcomer = new TestAuthority("newcomer");
    Path trusted = old;
    Issued issued = newcomer.issue(temporary, "caller");
    SecureClient client =
        new SecureClient(TlsServer.port(), Optional.of(trusted), Optional.of(issued));
    SecureClient before =
        new SecureClient(
            TlsServer.port(), Optional.of(trusted), Optional.of(TlsServer.issued("client")));
    assertEquals(Outcome.NO_CONNECTION, client.grpc(true, null));
    try {
      newcomer.write(file);
      await(client);
      assertEquals(Outcome.NO_CONNECTION, before.grpc(true, null));
      assertEquals(
          Outcome.NO_CONNECTION,
          new SecureClient(TlsServer.port(), Optional.of(trusted), Optional.empty())
              .grpc(true, null));
    } finally {
      Files.copy(old, file, StandardCopyOption.REPLACE_EXISTING);
      await(before);
    }
  }

  private static void await(SecureClient client) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (client.grpc(true, null) != Outcome.OK) {
      if (System.nanoTime() > end) {
        throw new AssertionError("The new authority is not taken");
      }
      Thread.sleep(50);
    }
  }
}
