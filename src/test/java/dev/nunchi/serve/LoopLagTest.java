package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.util.concurrent.DefaultEventExecutor;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Of a loop that sleeps when it is to be late, so that a slow machine makes it no less late.
@Timeout(60)
class LoopLagTest {
  private static final long NAP_MILLIS = 80;

  private final DefaultEventExecutor loop = new DefaultEventExecutor();

  @AfterEach
  void end() throws Exception {
    loop.shutdownGracefully().await();
  }

  @Test
  void nanos_ofALoopThatWasNeverAsked_isNothing() throws Exception {
    assertEquals(0, lag());
  }

  @Test
  void nanos_ofALoopThatIsLateAllTheTime_isTheLeastOfIt() throws Exception {
    lateFor(10);
    // It sleeps for a nap after it is asked for something in 20 ms.
    assertTrue(lag() >= TimeUnit.MILLISECONDS.toNanos(NAP_MILLIS - 20 - 5), () -> "only " + now());
  }

  @Test
  void nanos_ofALoopThatIsLateOnce_isNothing() throws Exception {
    lateFor(1);
    assertEquals(0, lag());
  }

  @Test
  void nanos_afterALoopWasIdle_isNothing() throws Exception {
    lateFor(10);
    Thread.sleep(2 * TimeUnit.NANOSECONDS.toMillis(LoopLag.INTERVAL_NANOS));
    loop.submit(() -> LoopLag.read(loop)).get();
    assertEquals(0, lag());
  }

  private void lateFor(int naps) throws Exception {
    for (int i = 0; i < naps; i++) {
      loop.submit(
              () -> {
                LoopLag.read(loop);
                Thread.sleep(NAP_MILLIS);
                return null;
              })
          .get();
      // What was asked of it is done before.
      loop.submit(() -> {}).get();
    }
  }

  private long lag() throws ExecutionException, InterruptedException {
    return loop.submit(LoopLag::nanos).get();
  }

  private String now() {
    try {
      return lag() + " ns";
    } catch (ExecutionException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
