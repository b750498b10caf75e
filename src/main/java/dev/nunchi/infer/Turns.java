package dev.nunchi.infer;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// The tickets of one urgency, whose callers take turns. Guarded by its owner's lock.
///
/// Callers have equal shares of the workers' time, so whoever asks for much waits for himself; a
/// caller who comes begins where the others are. That is start-time fair queueing (Goyal, Vin and
/// Cheng, 1996, <https://doi.org/10.1145/248156.248171>), with what a text is expected to take for
/// the length of a packet. Unlike there, nothing is remembered of a caller of whom nothing waits,
/// and the share at which callers begin advances by each run's time over the number of those who
/// wait: else whoever comes again and again with one text would go before others' second one for
/// ever.
///
/// Where texts are run together, a caller's turn is that of all of his texts which run then. Others
/// run before their turn, if their callers have had no more than those who wait all the time. That
/// counts too, but no further than to where these are, and not before the caller's first text has
/// had its turn: else a text that fits to none is put off for as long as its caller's others find
/// company.
///
/// Of one caller's tickets the one that is due first goes first, see [Ticket#due]: that is the
/// order in which they came, unless their deadlines differ.
final class Turns {
  private static final long WINDOW_NANOS = 1_000_000_000;

  private final Map<Object, Line> byCaller = new HashMap<>();
  private final TreeSet<Line> lines = new TreeSet<>(Line.BY_SHARE);
  private long lineCount;
  private long work;

  /// What the share of each who waits all the time has come to, in nanoseconds.
  private long share;

  /// Most callers that waited at a time in this window, and in the one before.
  private int crowd;

  private int crowdBefore;
  private long windowAt;

  /// What waits of one caller.
  private static final class Line {
    static final Comparator<Line> BY_SHARE =
        Comparator.<Line>comparingLong(line -> line.share).thenComparingLong(line -> line.number);

    final Object caller;
    final long number;
    final TreeSet<Ticket> tickets = new TreeSet<>(Ticket.BY_DUE);
    long share;
    long work;

    /// What was run of it beside others, and is not counted yet.
    long beside;

    Line(Object caller, long number, long share) {
      this.caller = caller;
      this.number = number;
      this.share = share;
    }

    /// What those are expected to take that go before a ticket which is due then.
    long workUntil(long due) {
      if (tickets.last().isDueBy(due)) {
        return work;
      }
      long until = 0;
      for (Ticket ticket : tickets) {
        if (!ticket.isDueBy(due)) {
          break;
        }
        until += ticket.cost();
      }
      return until;
    }
  }

  boolean isEmpty() {
    return lines.isEmpty();
  }

  /// How many wait of a caller.
  int size(Object caller) {
    Line line = byCaller.get(caller);
    return line == null ? 0 : line.tickets.size();
  }

  /// What all are expected to take, in nanoseconds of one worker.
  long work() {
    return work;
  }

  /// The same of a caller's.
  long work(Object caller) {
    Line line = byCaller.get(caller);
    return line == null ? 0 : line.work;
  }

  /// @param now on the queue's clock
  void add(Ticket ticket, long now) {
    Line line = byCaller.get(ticket.terms().caller());
    if (line == null) {
      line = new Line(ticket.terms().caller(), lineCount++, share);
      byCaller.put(line.caller, line);
      lines.add(line);
    }
    line.tickets.add(ticket);
    line.work += ticket.cost();
    work += ticket.cost();
    if (now - windowAt > WINDOW_NANOS) {
      crowdBefore = now - windowAt > 2 * WINDOW_NANOS ? 0 : crowd;
      crowd = 0;
      windowAt = now;
    }
    crowd = Math.max(crowd, lines.size());
  }

  /// @param ticket that was added
  void remove(Ticket ticket) {
    Line line = byCaller.get(ticket.terms().caller());
    if (line != null && line.tickets.remove(ticket)) {
      line.work -= ticket.cost();
      work -= ticket.cost();
      if (line.tickets.isEmpty()) {
        lines.remove(line);
        byCaller.remove(line.caller);
      }
    }
  }

  /// Whose turn it is; null where none waits.
  @Nullable Ticket first() {
    return lines.isEmpty() ? null : lines.first().tickets.first();
  }

  /// Takes a ticket out that is run in its caller's turn.
  ///
  /// @param ticket that was added
  /// @param cost what it is expected to take, by what is known now; at least 1
  void take(Ticket ticket, long cost) {
    Line line = byCaller.get(ticket.terms().caller());
    if (line != null) {
      advance(cost);
      charge(line, cost);
      chargeBeside(line);
    }
    remove(ticket);
  }

  /// Takes a ticket out that is run beside one whose turn it is, of another caller.
  ///
  /// @param ticket that was added
  /// @param cost what it is expected to take, by what is known now; at least 1
  void takeBeside(Ticket ticket, long cost) {
    Line line = byCaller.get(ticket.terms().caller());
    if (line != null) {
      advance(cost);
      line.beside += cost;
      if (line.tickets.first().equals(ticket)) {
        chargeBeside(line);
      }
    }
    remove(ticket);
  }

  /// Whether a ticket may be run beside another caller's: if its own has had no more than those who
  /// wait all the time. Else who has many waiting would fill up the others' runs, and they would
  /// wait for his texts.
  ///
  /// @param ticket that was added
  boolean mayRunBeside(Ticket ticket) {
    Line line = byCaller.get(ticket.terms().caller());
    return line != null && line.share + line.beside <= share;
  }

  private void advance(long cost) {
    share = Math.max(share, lines.first().share) + cost / lines.size();
  }

  private void charge(Line line, long cost) {
    lines.remove(line);
    line.share += cost;
    lines.add(line);
  }

  private void chargeBeside(Line line) {
    charge(line, Math.clamp(share - line.share, 0, line.beside));
    line.beside = 0;
  }

  /// Counts more, or less, to a caller, if something waits of him.
  ///
  /// @param cost in nanoseconds
  void correct(Object caller, long cost) {
    Line line = byCaller.get(caller);
    if (line != null && cost != 0) {
      charge(line, cost);
    }
  }

  /// What waits of a caller and goes before a ticket which is due then, in nanoseconds.
  long workUntil(Object caller, long due) {
    Line line = byCaller.get(caller);
    return line == null ? 0 : line.workUntil(due);
  }

  /// What other callers have run before some work of a caller is done: as much as that work, and
  /// their first text at least.
  ///
  /// @param waiting the part of the work that waits already
  /// @param more what comes to it
  /// @param lasting whether the others ask for more all the time, those too who just do not wait
  long workOfOthers(Object caller, long waiting, long more, boolean lasting) {
    long own = waiting + more;
    long others = 0;
    for (Line line : lines) {
      if (!line.caller.equals(caller)) {
        long asMuch = lasting ? own : Math.min(line.work, own);
        others += Math.max(asMuch, line.tickets.first().cost());
      }
    }
    int absent = Math.max(0, Math.max(crowd, crowdBefore) - lines.size());
    return lasting ? others + absent * waiting : others;
  }

  /// A caller's tickets that go after one which is due then, the last one first.
  List<Ticket> lastAfter(Object caller, long due) {
    Line line = byCaller.get(caller);
    if (line == null || line.tickets.last().isDueBy(due)) {
      return List.of();
    }
    return line.tickets.descendingSet().stream().takeWhile(each -> !each.isDueBy(due)).toList();
  }
}
