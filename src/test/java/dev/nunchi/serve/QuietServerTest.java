package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(GuardedServer.class)
class QuietServerTest {
  @Inject IdleMemory memory;

  /// That it gives memory back when it is quiet, `IdleMemoryTest` shows: this process runs tests.
  @Test
  void server_whenItHasStarted_watchesItsMemory() {
    assertTrue(memory.isWatching());
  }
}
