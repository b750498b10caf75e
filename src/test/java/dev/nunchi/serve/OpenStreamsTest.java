package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.Admission;
import dev.nunchi.infer.Deadline;
import dev.nunchi.serve.OpenStreams.Holder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class OpenStreamsTest {
  private final OpenStreams open =
      new OpenStreams(new StreamLimits(5, 2, 3, Duration.ofMinutes(1)));

  @Test
  void streams_ofOneConnection_areLimited() {
    ClassifyStream first = opened("a", "x");
    opened("a", "y");
    assertFull("The connection has 2", "a", "z");
    opened("b", "x");
    open.closed(first);
    opened("a", "z");
  }

  @Test
  void streams_ofOneCaller_areLimitedOverAllConnections() {
    opened("a", "x");
    opened("b", "x");
    ClassifyStream third = opened("c", "x");
    assertFull("The token has 3", "d", "x");
    opened("d", "y");
    open.closed(third);
    open.closed(third);
    opened("d", "x");
    assertFull("The token has 3", "e", "x");
  }

  @Test
  void streams_ofAll_areLimited() {
    for (int i = 0; i < 5; i++) {
      opened("connection-" + i, "caller-" + i);
    }
    assertFull("The server has 5", "a", "x");
    assertEquals(5, open.count());
  }

  private ClassifyStream opened(String connection, String caller) {
    ClassifyStream stream =
        new ClassifyStream(
            new FakeStreamCall(),
            (_, _) -> new Admission<>(new CompletableFuture<>(), new CompletableFuture<>()),
            1,
            Deadline.NONE,
            new Metrics(new SimpleMeterRegistry()),
            open,
            Runnable::run);
    open.open(stream, new Holder(connection, new Identity(Identity.Kind.TOKEN, caller)));
    return stream;
  }

  private void assertFull(String why, String connection, String caller) {
    NunchiException full = assertThrows(NunchiException.class, () -> opened(connection, caller));
    assertEquals(Reason.OVERLOADED, full.reason());
    assertEquals(
        why + " open streams, which is all that it may have; try again later", full.getMessage());
  }
}
