package dev.nunchi.infer;

import dev.nunchi.infer.Terms.Urgency;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The tickets that have a place, and which of them runs next. Guarded by its owner's lock.
///
/// Interactive ones go first, but for an eighth of the workers' time, which bulk has where there is
/// any. Callers of one urgency have equal shares of that time, so whoever asks for much waits for
/// himself; a caller who comes begins where the others are (start-time fair queueing; Goyal, Vin and
/// Cheng, 1996, <https://doi.org/10.1145/248156.248171>), with what a text is expected to take for
/// the length of a packet. Of one caller's tickets the one that is due first goes first, see
/// [Ticket#due]: that is the order in which they came, unless their deadlines differ.
final class WaitingLine {
  /// What interactive texts take of the workers for each part that bulk takes, where both wait.
  private static final int INTERACTIVE_PARTS = 7;

  private final Level interactive = new Level();
  private final Level bulk = new Level();
  private final Set<Ticket> byArrival = new LinkedHashSet<>();
  private long lineCount;

  /// The callers of one urgency.
  private final class Level {
    final Map<Object, Line> byCaller = new HashMap<>();
    final TreeSet<Line> lines = new TreeSet<>(Line.BY_SHARE);

    /// What its tickets are expected to take, in nanoseconds.
    long work;

    /// What each caller's share has come to, in nanoseconds that it was served.
    long share;

    /// The same for the level as a whole, in parts of the other level's.
    long taken;

    int size(Object caller) {
      Line line = byCaller.get(caller);
      return line == null ? 0 : line.tickets.size();
    }

    void add(Ticket ticket) {
      Line line = byCaller.get(ticket.terms().caller());
      if (line == null) {
        line = new Line(ticket.terms().caller(), lineCount++, share);
        byCaller.put(line.caller, line);
        lines.add(line);
      }
      line.tickets.add(ticket);
      line.work += ticket.cost();
      work += ticket.cost();
    }

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

    /// Counts a ticket of a caller, which is still in its line, as served.
    void charge(Ticket ticket, int parts) {
      // At least something, so that callers take turns where nothing is known of the cost.
      long cost = Math.max(1, ticket.cost());
      taken += parts * cost;
      Line line = byCaller.get(ticket.terms().caller());
      if (line != null) {
        lines.remove(line);
        line.share += cost;
        lines.add(line);
      }
    }

    long workOfOthers(Object caller, long most) {
      long others = 0;
      for (Line line : lines) {
        if (!line.caller.equals(caller)) {
          others += Math.min(line.work, most);
        }
      }
      return others;
    }
  }

  /// What waits of one caller.
  private static final class Line {
    static final Comparator<Line> BY_SHARE =
        Comparator.<Line>comparingLong(line -> line.share).thenComparingLong(line -> line.number);

    final Object caller;
    final long number;
    final TreeSet<Ticket> tickets = new TreeSet<>(Ticket.BY_DUE);
    long share;
    long work;

    Line(Object caller, long number, long share) {
      this.caller = caller;
      this.number = number;
      this.share = share;
    }
  }

  int size() {
    return byArrival.size();
  }

  /// What all are expected to take, in nanoseconds of one worker.
  long work() {
    return interactive.work + bulk.work;
  }

  /// How many wait of a caller.
  int size(Object caller) {
    return interactive.size(caller) + bulk.size(caller);
  }

  void add(Ticket ticket) {
    Level level = level(ticket.terms().urgency());
    if (level.lines.isEmpty()) {
      // What a level did not ask for in time is not made up for later.
      level.taken = Math.max(level.taken, other(ticket.terms().urgency()).taken);
    }
    level.add(ticket);
    byArrival.add(ticket);
  }

  /// Takes a ticket out.
  ///
  /// @return whether it was there
  boolean remove(Ticket ticket) {
    if (!byArrival.remove(ticket)) {
      return false;
    }
    level(ticket.terms().urgency()).remove(ticket);
    return true;
  }

  /// Whose turn it is; null where none waits.
  @Nullable Ticket first() {
    Level next =
        bulk.lines.isEmpty() || (!interactive.lines.isEmpty() && interactive.taken <= bulk.taken)
            ? interactive
            : bulk;
    return next.lines.isEmpty() ? null : next.lines.first().tickets.first();
  }

  /// Takes a ticket out that is run now, which counts as a turn of its caller.
  void take(Ticket ticket) {
    Level level = level(ticket.terms().urgency());
    Line line = level.byCaller.get(ticket.terms().caller());
    if (line != null) {
      level.share = Math.max(level.share, line.share);
    }
    level.charge(ticket, ticket.terms().urgency() == Urgency.BULK ? INTERACTIVE_PARTS : 1);
    remove(ticket);
  }

  /// The tickets of a kind that have waited longest.
  ///
  /// @param most how many at most
  List<Ticket> oldest(Predicate<Ticket> kind, int most) {
    return byArrival.stream().filter(kind).limit(most).toList();
  }

  /// What is expected to run before a caller's work is done, in nanoseconds of one worker.
  ///
  /// @param due of that work
  /// @param work that would come to what waits
  long ahead(Terms terms, long due, long work) {
    Level level = level(terms.urgency());
    Line line = level.byCaller.get(terms.caller());
    long own = line == null ? 0 : workUntil(line, due);
    return withOthers(terms, own + work) - work;
  }

  /// Of the caller's tickets that would run after such work: the least time that one of them has to
  /// spare, in nanoseconds of one worker before it would have to be done; [Long#MAX_VALUE] where
  /// none has a deadline.
  ///
  /// @param now on the queue's clock
  /// @param busy nanoseconds until what runs now has left the workers
  long leastSpare(Terms terms, long due, int workers, long busy, long now) {
    Line line = level(terms.urgency()).byCaller.get(terms.caller());
    if (line == null || line.tickets.last().isDueBy(due)) {
      return Long.MAX_VALUE;
    }
    long least = Long.MAX_VALUE;
    long others = withOthers(terms, line.work) - line.work;
    long until = line.work;
    for (Ticket ticket : line.tickets.descendingSet()) {
      if (ticket.isDueBy(due)) {
        break;
      }
      long left = ticket.terms().deadline().nanosLeft(now);
      if (left != Long.MAX_VALUE) {
        least = Math.min(least, left * workers - busy - others - until);
      }
      until -= ticket.cost();
    }
    return least;
  }

  /// A caller's work and what the others run before it is done.
  private long withOthers(Terms terms, long own) {
    Level level = level(terms.urgency());
    long before = own + level.workOfOthers(terms.caller(), own);
    long of = other(terms.urgency()).work;
    return before
        + switch (terms.urgency()) {
          case INTERACTIVE -> Math.min(of, before / INTERACTIVE_PARTS);
          case BULK -> Math.min(of, INTERACTIVE_PARTS * before);
        };
  }

  private static long workUntil(Line line, long due) {
    if (line.tickets.last().isDueBy(due)) {
      return line.work;
    }
    long work = 0;
    for (Ticket ticket : line.tickets) {
      if (!ticket.isDueBy(due)) {
        break;
      }
      work += ticket.cost();
    }
    return work;
  }

  private Level level(Urgency urgency) {
    return switch (urgency) {
      case INTERACTIVE -> interactive;
      case BULK -> bulk;
    };
  }

  private Level other(Urgency urgency) {
    return switch (urgency) {
      case INTERACTIVE -> bulk;
      case BULK -> interactive;
    };
  }
}
