package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.vertx.core.Vertx;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A server that has called itself for a second before it was ready.
@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(WarmUpTest.Warmed.class)
@Timeout(60)
class WarmUpTest {
  /// Texts of the calls that every server tries.
  private static final int TRIED = 6;

  @Inject MeterRegistry registry;
  @Inject Vertx vertx;

  public static class Warmed implements QuarkusTestProfile {
    @Override
    public Map<String, String> getConfigOverrides() {
      return Map.of("nunchi.warm-up", "1S");
    }
  }

  @Test
  void load_beforeItIsReady_reachedTheModelAndIsNoCall() throws Exception {
    double texts =
        registry.find("nunchi.batch.texts").functionCounters().stream()
            .mapToDouble(FunctionCounter::count)
            .sum();
    assertTrue(texts > TRIED, "texts that were run: " + texts);
    // Then a load whose calls are as those of others, as they carry no secret that is known.
    assertEquals(Set.of(), kinds());
    OwnClient client = new OwnClient(vertx, ServerUnderTest.port(), "unknown");
    OwnLoad load = new OwnLoad(vertx, client, List.of(""));
    FutureTask<Void> run =
        new FutureTask<>(() -> {
          load.run(Duration.ofMinutes(5));
          return null;
        });
    Thread.ofPlatform().daemon().start(run);
    Set<String> all =
        Set.of("grpc Classify", "grpc BatchClassify", "grpc StreamClassify", "rest Classify");
    while (!kinds().equals(all)) {
      Thread.sleep(10);
    }
    assertFalse(run.isDone());
    load.stop();
    run.get(20, TimeUnit.SECONDS);
    client.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  /// Protocols and methods of the calls that were answered.
  private Set<String> kinds() {
    Set<String> kinds = new TreeSet<>();
    registry.find("nunchi.requests").tag("code", "OK").counters().stream()
        .filter(counter -> counter.count() > 0)
        .forEach(counter ->
            kinds.add(counter.getId().getTag("protocol") + " " + counter.getId().getTag("method")));
    return kinds;
  }
}
