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

  private static final long WINDOW_NANOS = 1_000_000_000;

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

    /// What the share of each who waits all the time has come to, in nanoseconds.
    long share;

    /// The same for the level as a whole, in parts of the other level's.
    long taken;

    /// Most callers that waited at a time in this window, and in the one before.
    int crowd;

    int crowdBefore;
    long windowAt;

    int size(Object caller) {
      Line line = byCaller.get(caller);
      return line == null ? 0 : line.tickets.size();
    }

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
        crowdBefore = crowd;
        crowd = 0;
        windowAt = now;
      }
      crowd = Math.max(crowd, lines.size());
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
    void charge(Ticket ticket, long cost, int parts) {
      taken += parts * cost;
      Line line = byCaller.get(ticket.terms().caller());
      if (line != null) {
        share = Math.max(share, line.share) + cost / lines.size();
        lines.remove(line);
        line.share += cost;
        lines.add(line);
      }
    }

    /// What other callers have run before some work of a caller is done: as much as that work, or
    /// their first text.
    ///
    /// @param own all the work
    /// @param first the part of it that waits already
    /// @param lasting whether they ask for more all the time, those too who just do not wait
    long workOfOthers(Object caller, long own, long first, boolean lasting) {
      long others = 0;
      for (Line line : lines) {
        if (!line.caller.equals(caller)) {
          long share = lasting ? own : Math.min(line.work, own);
          others += Math.max(share, line.tickets.first().cost());
        }
      }
      int absent = Math.max(0, Math.max(crowd, crowdBefore) - lines.size());
      return lasting ? others + absent * first : others;
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

  /// @param now on the queue's clock
  void add(Ticket ticket, long now) {
    Level level = level(ticket.terms().urgency());
    if (level.lines.isEmpty()) {
      // What a level did not ask for in time is not made up for later.
      level.taken = Math.max(level.taken, other(ticket.terms().urgency()).taken);
    }
    level.add(ticket, now);
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
  ///
  /// @param cost what it is expected to take, by what is known now
  void take(Ticket ticket, long cost) {
    Level level = level(ticket.terms().urgency());
    // At least something, so that callers take turns where nothing is known of the cost.
    level.charge(
        ticket, Math.max(1, cost), ticket.terms().urgency() == Urgency.BULK ? INTERACTIVE_PARTS : 1);
    remove(ticket);
  }

  /// The tickets of a kind that have waited longest.
  ///
  /// @param most how many at most
  List<Ticket> oldest(Predicate<Ticket> kind, int most) {
    return byArrival.stream().filter(kind).limit(most).toList();
  }

  /// What is expected to run until more work of a caller is done, that work included, in
  /// nanoseconds of one worker.
  ///
  /// @param due of that work
  /// @param lasting whether the others ask for more all the time, or are done with what waits
  long until(Terms terms, long due, long work, boolean lasting) {
    Line line = level(terms.urgency()).byCaller.get(terms.caller());
    return withOthers(terms, line == null ? 0 : workUntil(line, due), work, lasting);
  }

  /// Of the caller's tickets that would run after such work: by how much that may delay them, in
  /// nanoseconds of one worker, at least; [Long#MAX_VALUE] where none has a deadline.
  ///
  /// @param now on the queue's clock
  /// @param busy nanoseconds of one worker until what runs now is done
  long leastSpare(Terms terms, long due, int workers, long busy, long now) {
    Line line = level(terms.urgency()).byCaller.get(terms.caller());
    if (line == null || line.tickets.last().isDueBy(due)) {
      return Long.MAX_VALUE;
    }
    long least = Long.MAX_VALUE;
    long before = busy + withOthers(terms, line.work, 0, false);
    for (Ticket ticket : line.tickets.descendingSet()) {
      if (ticket.isDueBy(due)) {
        break;
      }
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
  /// @param first what waits of it
  /// @param more what comes to that
  private long withOthers(Terms terms, long first, long more, boolean lasting) {
    long own = first + more;
    long level = own + level(terms.urgency()).workOfOthers(terms.caller(), own, first, lasting);
    long other = other(terms.urgency()).work;
    return level
        + switch (terms.urgency()) {
          case INTERACTIVE -> Math.min(other, level / INTERACTIVE_PARTS);
          case BULK ->
              lasting && other > 0
                  ? INTERACTIVE_PARTS * level
                  : Math.min(other, INTERACTIVE_PARTS * level);
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
