package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.time.Duration;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(GuardedServer.class)
class QuietServerTest {
  @Inject IdleMemory memory;

  @Test
  void server_withNothingToDo_givesMemoryBack() throws InterruptedException {
    long until = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (memory.collectionCount() == 0) {
      assertTrue(System.nanoTime() < until, "nothing was collected");
      Thread.sleep(20);
    }
  }
}
