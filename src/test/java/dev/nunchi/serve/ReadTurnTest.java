package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.util.concurrent.DefaultEventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReadTurnTest {
  private final DefaultEventExecutor loop = new DefaultEventExecutor();

  @AfterEach
  void end() throws Exception {
    loop.shutdownGracefully().await();
  }

  @Test
  void read_twiceInOneTurn_countsFromTheFirst() throws Exception {
    List<Long> times = new ArrayList<>();
    long before = System.nanoTime();
    loop.submit(
            () -> {
              ReadTurn.read(loop);
              times.add(ReadTurn.nanos());
              ReadTurn.read(loop);
              times.add(ReadTurn.nanos());
              assertTrue(ReadTurn.isOn());
            })
        .get();
    assertEquals(times.getFirst(), times.getLast());
    assertTrue(times.getFirst() - before >= 0);
  }

  @Test
  void read_inALaterTurn_beginsAnew() throws Exception {
    List<Long> times = new ArrayList<>();
    AtomicBoolean between = new AtomicBoolean(true);
    for (int i = 0; i < 2; i++) {
      loop.submit(
              () -> {
                ReadTurn.read(loop);
                times.add(ReadTurn.nanos());
              })
          .get();
      loop.submit(() -> between.set(ReadTurn.isOn())).get();
      assertFalse(between.get());
    }
    assertTrue(times.getLast() - times.getFirst() > 0);
  }

  @Test
  void handle_ofWhatWasKept_countsFromItsReading() throws Exception {
    List<Long> times = new ArrayList<>();
    loop.submit(
            () -> {
              ReadTurn.read(loop);
              times.add(ReadTurn.nanos());
              ReadTurn.handle(7, () -> times.add(ReadTurn.nanos()));
              times.add(ReadTurn.nanos());
            })
        .get();
    assertEquals(7, times.get(1));
    assertEquals(times.getFirst(), times.getLast());
  }
}
