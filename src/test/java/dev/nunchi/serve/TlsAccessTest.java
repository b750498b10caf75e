package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.serve.SecureClient.Outcome;
import dev.nunchi.serve.TestAuthority.Issued;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(TlsServer.class)
class TlsAccessTest extends AccessCases {
  private static final int ROTATIONS = 20;

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

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void handshake_ofEitherVersion_isTaken(String version) throws Exception {
    assertEquals(version, SecureClient.protocol(TlsServer.port(), version));
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

  /// Vert.x' exchange of the port's TLS context lost one in thirty.
  @Test
  void certificate_exchangedUnderFreshConnections_losesNone() throws Exception {
    Issued files = TlsServer.issued("server");
    Issued one = copy(files, "one");
    TestAuthority authority = new TestAuthority("of the other");
    Issued other = authority.issue(temporary, "other");
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger connections = new AtomicInteger();
    Queue<Exception> failures = new ConcurrentLinkedQueue<>();
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      callers.add(
          Thread.ofPlatform()
              .start(() -> {
                while (!stop.get()) {
                  try {
                    SecureClient.handshake(TlsServer.port());
                    connections.incrementAndGet();
                  } catch (Exception e) {
                    failures.add(e);
                  }
                }
              }));
    }
    try {
      for (int i = 0; i < ROTATIONS; i++) {
        Issued next = i % 2 == 0 ? other : one;
        Files.copy(next.key(), files.key(), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(next.certificate(), files.certificate(), StandardCopyOption.REPLACE_EXISTING);
        Certificate expected = SecureClient.certificate(next.certificate());
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!expected.equals(SecureClient.handshake(TlsServer.port()))) {
          assertTrue(System.nanoTime() < end, "the new certificate is not shown");
          Thread.sleep(20);
        }
      }
    } finally {
      stop.set(true);
      for (Thread caller : callers) {
        caller.join();
      }
      Files.copy(one.key(), files.key(), StandardCopyOption.REPLACE_EXISTING);
      Files.copy(one.certificate(), files.certificate(), StandardCopyOption.REPLACE_EXISTING);
      await(client(Caller.TRUSTING), "the old certificate again");
    }
    assertEquals(List.of(), List.copyOf(failures), "of " + connections);
    assertTrue(connections.get() > ROTATIONS, "connections: " + connections);
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
