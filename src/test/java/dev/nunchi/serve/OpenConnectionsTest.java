package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.serve.OpenConnection.Cause;
import dev.nunchi.serve.OpenConnection.Phase;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Of connections whose event loops do nothing before the test lets them.
@Timeout(60)
class OpenConnectionsTest {
  private static final int UNREAD_BYTES = 1 << 20;

  private final List<Cause> closed = new ArrayList<>();
  private final MemoryShares bodies = new MemoryShares(1_000);

  @Test
  void closeOverdue_connectionIsBeingClosed_countsItOnce() {
    OpenConnections connections = limited(0, Duration.ofSeconds(1));
    EmbeddedChannel unread = new EmbeddedChannel();
    assertTrue(connections.add(connection(unread)));
    ChannelFuture _ = unread.write(Unpooled.wrappedBuffer(new byte[UNREAD_BYTES]));
    for (int seconds = 2; seconds < 5; seconds++) {
      connections.closeOverdue(System.nanoTime() + Duration.ofSeconds(seconds).toNanos());
    }
    assertEquals(List.of(Cause.WRITE), closed);
    unread.runPendingTasks();
    assertFalse(unread.isOpen());
  }

  @Test
  void add_noPlaceIsLeft_closesWhoHasBeenSilentForLongest() {
    OpenConnections connections = limited(2, Duration.ZERO);
    EmbeddedChannel first = new EmbeddedChannel();
    EmbeddedChannel second = new EmbeddedChannel();
    OpenConnection again = connection(first);
    OpenConnection silent = connection(second);
    assertTrue(connections.add(again));
    assertTrue(connections.add(silent));
    silent.isAt(Phase.IDLE);
    again.isAt(Phase.IDLE);
    assertTrue(connections.add(connection(new EmbeddedChannel())));
    assertEquals(List.of(Cause.PLACE), closed);
    first.runPendingTasks();
    second.runPendingTasks();
    assertTrue(first.isOpen());
    assertFalse(second.isOpen());
  }

  /// What changes while it is sorted is in no order, of which sorting complains.
  @Test
  void add_othersChangeMeanwhile_findsAPlace() throws Exception {
    int most = 500;
    OpenConnections connections = limited(most, Duration.ZERO);
    Queue<OpenConnection> all = new ConcurrentLinkedQueue<>();
    AtomicBoolean over = new AtomicBoolean();
    Thread loop =
        Thread.ofPlatform()
            .start(() -> {
              while (!over.get()) {
                all.forEach(each -> each.isAt(each.isNew() ? Phase.IDLE : Phase.NEW));
              }
            });
    try {
      for (int i = 0; i < 4 * most; i++) {
        OpenConnection next = connection(new EmbeddedChannel());
        all.add(next);
        assertTrue(connections.add(next));
        assertTrue(connections.count() <= most);
      }
    } finally {
      over.set(true);
      loop.join();
    }
  }

  private OpenConnections limited(int most, Duration write) {
    return new OpenConnections(
        new ConnectionLimits(most, 0, Duration.ZERO, Duration.ZERO, write), closed::add);
  }

  private OpenConnection connection(Channel channel) {
    return new OpenConnection(channel, new HeldBodies(bodies));
  }
}
