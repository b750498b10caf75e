package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.infer.Terms.Urgency;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class TurnsTest {
  private static final long COST = 10;

  private final Scheduler model =
      new Scheduler(FakeBackend.open(), 0, new RunQueue(Runnable::run, 1, 10, () -> 0));
  private final Turns turns = new Turns();
  private int count;

  /// Of two who wait, one has had nine texts run beside others': who comes now begins where the
  /// other would be, had they taken turns, and not where the one is.
  @Test
  void take_beforeItsTurn_letsNewCallersBeginWhereOthersAre() {
    for (int i = 0; i < 20; i++) {
      add("patient");
    }
    add("mate");
    for (int i = 0; i < 9; i++) {
      turns.take(add("mate"), COST);
    }
    add("new");
    int turnsBefore = 0;
    for (Ticket first = first(); !first.terms().caller().equals("new"); first = first()) {
      assertEquals("patient", first.terms().caller());
      turns.take(first, COST);
      turnsBefore++;
    }
    assertEquals(5, turnsBefore);
  }

  /// A caller's text that turned out to be long counts as that.
  @Test
  void correct_aTextThatTookMore_letsOthersGoFirst() {
    for (int i = 0; i < 4; i++) {
      add("long");
      add("short");
    }
    turns.take(first(), COST);
    turns.correct("long", 2 * COST);
    for (int i = 0; i < 3; i++) {
      assertEquals("short", first().terms().caller());
      turns.take(first(), COST);
    }
    turns.correct("nobody", COST);
    assertEquals("long", first().terms().caller());
  }

  private Ticket first() {
    return Objects.requireNonNull(turns.first());
  }

  private Ticket add(String caller) {
    Ticket ticket =
        new Ticket(
            model,
            FakeBackend.input(1, 1),
            new Terms(caller, Urgency.INTERACTIVE, Deadline.NONE),
            0,
            count++,
            COST);
    turns.add(ticket, 0);
    return ticket;
  }
}
