package dev.nunchi.serve;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(GuardedServer.class)
class PlainAccessTest extends AccessCases {
  @TempDir private Path directory;

  @BeforeEach
  void issue() {
    TestAuthority authority = new TestAuthority("authority");
    authority.write(directory.resolve("authority.pem"));
    authority.issue(directory, "client");
    authority.issueExpired(directory, "expired");
    TestAuthority stranger = new TestAuthority("stranger");
    stranger.write(directory.resolve("stranger.pem"));
    stranger.issue(directory, "foreign");
  }

  @Override
  Set<Caller> connecting() {
    return Set.of(Caller.PLAIN);
  }

  @Override
  SecureClient client(Caller caller) {
    return tlsClient(ServerUnderTest.port(), directory, caller);
  }
}
