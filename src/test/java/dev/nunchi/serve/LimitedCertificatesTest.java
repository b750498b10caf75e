package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.serve.SecureClient.Outcome;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// With certificates and without tokens: a text a day for the certificate `CN=client`.
@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(LimitedServer.Certificates.class)
class LimitedCertificatesTest {
  @Test
  void calls_ofACertificate_areCountedByItsSubject() throws Exception {
    assertEquals(Outcome.OK, client("client").rest(false, null));
    AssertionError refused =
        assertThrows(AssertionError.class, () -> client("client").rest(false, null));
    assertTrue(String.valueOf(refused.getMessage()).startsWith("429: "), refused.getMessage());
    AssertionError grpc =
        assertThrows(AssertionError.class, () -> client("client").grpc(false, null));
    assertTrue(
        String.valueOf(grpc.getMessage()).contains("certificate:CN=client has sent the 1 texts"),
        grpc.getMessage());
    // Another certificate at the same address is another caller.
    for (int i = 0; i < 3; i++) {
      assertEquals(Outcome.OK, client("server").rest(false, null));
    }
  }

  private static SecureClient client(String certificate) {
    return new SecureClient(
        TlsServer.port(),
        Optional.of(TlsServer.directory().resolve("authority.pem")),
        Optional.of(TlsServer.issued(certificate)));
  }
}
