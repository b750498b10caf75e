package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.infer.Terms.Urgency;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class TurnsTest {
  private static final long COST = 10;

  private final Scheduler model =
      new Scheduler(FakeBackend.open(), 0, new RunQueue(Runnable::run, 1, 10, () -> 0, () -> {}));
  private final Turns turns = new Turns();
  private int count;

  /// Of two who wait, one has had nine texts run beside others': who comes now begins where the
  /// other would be, had they taken turns, and not where the one is.
  @Test
  void takeBeside_letsNewCallersBeginWhereOthersAre() {
    for (int i = 0; i < 20; i++) {
      add("patient");
    }
    add("mate");
    for (int i = 0; i < 9; i++) {
      turns.takeBeside(add("mate"), COST);
    }
    add("new");
    assertEquals(
        List.of("patient", "mate", "patient", "patient", "patient", "patient", "new"), order(7));
  }

  /// The first text of a caller whose others are run beside others' is not put off; then he pays,
  /// no more than puts him where those are who waited all the time.
  @Test
  void takeBeside_ofOnesBehindTheFirst_doesNotPutOffTheFirst() {
    for (int i = 0; i < 20; i++) {
      add("patient");
    }
    add("mate");
    add("mate");
    for (int i = 0; i < 9; i++) {
      turns.takeBeside(add("mate"), COST);
    }
    assertEquals(
        List.of("patient", "mate", "patient", "patient", "patient", "patient", "patient", "mate"),
        order(8));
  }

  /// One who is ahead of others does not pay for his first text that is run beside another's.
  @Test
  void takeBeside_ofTheFirstOfOneWhoIsAhead_costsNothing() {
    Ticket one = add("ahead");
    Ticket two = add("ahead");
    add("ahead");
    add("behind");
    add("behind");
    turns.take(one, COST);
    turns.takeBeside(two, COST);
    assertEquals(List.of("behind", "ahead", "behind"), order(3));
  }

  /// One who is behind others pays for it, until he is where they are.
  @Test
  void takeBeside_ofTheFirstOfOneWhoIsBehind_counts() {
    Ticket one = add("ahead");
    add("ahead");
    Ticket two = add("behind");
    add("behind");
    turns.take(one, COST);
    turns.takeBeside(two, COST);
    assertEquals(List.of("ahead", "behind"), order(2));
  }

  /// Who has had more than those who wait all the time runs beside nobody until they have had it
  /// too.
  @Test
  void mayRunBeside_aCallerWhoHasHadMore_isFalse() {
    Ticket one = add("ahead");
    Ticket two = add("ahead");
    Ticket three = add("behind");
    add("behind");
    assertTrue(turns.mayRunBeside(one));
    turns.take(one, COST);
    assertFalse(turns.mayRunBeside(two));
    assertTrue(turns.mayRunBeside(three));
    turns.take(three, COST);
    assertTrue(turns.mayRunBeside(two));
  }

  /// What was run beside others counts for that at once.
  @Test
  void mayRunBeside_aCallerWhoHasRunBesideOthers_isFalse() {
    add("behind");
    add("ahead");
    Ticket two = add("ahead");
    Ticket three = add("ahead");
    turns.takeBeside(two, COST);
    assertFalse(turns.mayRunBeside(three));
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

  /// Whose turns come next, if each text is run alone.
  private List<String> order(int most) {
    List<String> order = new ArrayList<>();
    for (int i = 0; i < most; i++) {
      Ticket next = first();
      order.add(next.terms().caller().toString());
      turns.take(next, COST);
    }
    return order;
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
