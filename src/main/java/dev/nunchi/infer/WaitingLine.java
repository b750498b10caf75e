package dev.nunchi.infer;

import dev.nunchi.infer.Terms.Urgency;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The tickets that have a place, and which of them runs next. Guarded by its owner's lock.
///
/// Interactive ones go first, but for an eighth of the workers' time, which bulk has where there is
/// any; within an urgency callers take [Turns].
final class WaitingLine {
  /// What interactive texts take of the workers for each part that bulk takes, where both wait.
  private static final int INTERACTIVE_PARTS = 7;

  private final Turns interactive = new Turns();
  private final Turns bulk = new Turns();
  private final Set<Ticket> byArrival = new LinkedHashSet<>();

  /// What interactive texts have taken of the workers, in nanoseconds, and what bulk has, in as
  /// many parts: who has taken less goes first. What one did not ask for in time is not made up
  /// for.
  private long interactiveTaken;

  private long bulkTaken;

  int size() {
    return byArrival.size();
  }

  /// How many wait of a caller.
  int size(Object caller) {
    return interactive.size(caller) + bulk.size(caller);
  }

  /// What all are expected to take, in nanoseconds of one worker.
  long work() {
    return interactive.work() + bulk.work();
  }

  /// @param now on the queue's clock
  void add(Ticket ticket, long now) {
    switch (ticket.terms().urgency()) {
      case INTERACTIVE -> {
        if (interactive.isEmpty()) {
          interactiveTaken = Math.max(interactiveTaken, bulkTaken);
        }
      }
      case BULK -> {
        if (bulk.isEmpty()) {
          bulkTaken = Math.max(bulkTaken, interactiveTaken);
        }
      }
    }
    turns(ticket.terms().urgency()).add(ticket, now);
    byArrival.add(ticket);
  }

  /// Takes a ticket out.
  ///
  /// @return whether it was there
  boolean remove(Ticket ticket) {
    if (!byArrival.remove(ticket)) {
      return false;
    }
    turns(ticket.terms().urgency()).remove(ticket);
    return true;
  }

  /// Whose turn it is; null where none waits.
  @Nullable Ticket first() {
    return bulk.isEmpty() || (!interactive.isEmpty() && interactiveTaken <= bulkTaken)
        ? interactive.first()
        : bulk.first();
  }

  /// Takes a ticket out that is run now in its caller's turn.
  ///
  /// @param cost what it is expected to take, by what is known now
  void take(Ticket ticket, long cost) {
    Urgency urgency = ticket.terms().urgency();
    turns(urgency).take(ticket, count(urgency, cost));
    byArrival.remove(ticket);
  }

  /// Takes a ticket out that is run now beside one whose turn it is.
  ///
  /// @param first that one
  /// @param cost what the ticket is expected to take, by what is known now
  void takeBeside(Ticket ticket, Ticket first, long cost) {
    if (haveOneTurn(ticket, first)) {
      take(ticket, cost);
      return;
    }
    Urgency urgency = ticket.terms().urgency();
    // Those of the other urgency have not had their time for it, see Turns.
    long counted =
        urgency == first.terms().urgency() ? count(urgency, cost) : atLeastSomething(cost);
    turns(urgency).takeBeside(ticket, counted);
    byArrival.remove(ticket);
  }

  private static boolean haveOneTurn(Ticket one, Ticket other) {
    return one.terms().urgency() == other.terms().urgency()
        && one.terms().caller().equals(other.terms().caller());
  }

  private long count(Urgency urgency, long cost) {
    long counted = atLeastSomething(cost);
    switch (urgency) {
      case INTERACTIVE -> interactiveTaken += counted;
      case BULK -> bulkTaken += INTERACTIVE_PARTS * counted;
    }
    return counted;
  }

  /// So that callers take turns where nothing is known of the cost.
  private static long atLeastSomething(long cost) {
    return Math.max(1, cost);
  }

  /// Counts more, or less, to a caller for a ticket that was taken. Between urgencies what was
  /// expected goes on counting: whoever came meanwhile began where the other was.
  ///
  /// @param cost in nanoseconds, by how much it is other than was known
  void correct(Terms terms, long cost) {
    turns(terms.urgency()).correct(terms.caller(), cost);
  }

  /// The tickets of a kind that have waited longest, of those which may be run beside another.
  ///
  /// @param first that one
  /// @param free whether all may, as it hardly takes longer with them
  /// @param most how many at most
  List<Ticket> oldestBeside(Ticket first, boolean free, Predicate<Ticket> kind, int most) {
    return byArrival.stream()
        .filter(kind)
        .filter(ticket ->
            free
                || haveOneTurn(ticket, first)
                || turns(ticket.terms().urgency()).mayRunBeside(ticket))
        .limit(most)
        .toList();
  }

  /// What is expected to run until more work of a caller is done, that work included, in
  /// nanoseconds of one worker.
  ///
  /// @param due of that work
  /// @param lasting whether the others ask for more all the time, or are done with what waits
  long until(Terms terms, long due, long work, boolean lasting) {
    long waiting = turns(terms.urgency()).workUntil(terms.caller(), due);
    return withOthers(terms, waiting, work, lasting);
  }

  /// Of the caller's tickets that would run after such work: by how much that may delay them, in
  /// nanoseconds of one worker, at least; [Long#MAX_VALUE] where none has a deadline.
  ///
  /// @param now on the queue's clock
  /// @param busy nanoseconds of one worker until what runs now is done
  long leastSpare(Terms terms, long due, int workers, long busy, long now) {
    Turns turns = turns(terms.urgency());
    long least = Long.MAX_VALUE;
    List<Ticket> after = turns.lastAfter(terms.caller(), due);
    if (after.isEmpty()) {
      return least;
    }
    long before = busy + withOthers(terms, turns.work(terms.caller()), 0, false);
    for (Ticket ticket : after) {
      before -= ticket.cost();
      long left = ticket.nanosToWait(now);
      if (left != Long.MAX_VALUE) {
        least = Math.min(least, left * workers - before);
      }
    }
    return least;
  }

  /// A caller's work, and what the others have run before it is done.
  ///
  /// @param waiting what waits of it
  /// @param more what comes to that
  private long withOthers(Terms terms, long waiting, long more, boolean lasting) {
    Turns turns = turns(terms.urgency());
    long before = waiting + more + turns.workOfOthers(terms.caller(), waiting, more, lasting);
    return before
        + switch (terms.urgency()) {
          case INTERACTIVE -> Math.min(bulk.work(), before / INTERACTIVE_PARTS);
          case BULK ->
              lasting && !interactive.isEmpty()
                  ? INTERACTIVE_PARTS * before
                  : Math.min(interactive.work(), INTERACTIVE_PARTS * before);
        };
  }

  private Turns turns(Urgency urgency) {
    return switch (urgency) {
      case INTERACTIVE -> interactive;
      case BULK -> bulk;
    };
  }
}
