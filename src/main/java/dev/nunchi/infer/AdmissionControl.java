package dev.nunchi.infer;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;

/// Who gets a place in a queue, and whose time has run out there: what cannot be answered before
/// its deadline is refused when it comes, so that the workers do nothing in vain and nobody waits
/// for nothing. Guarded by its owner's lock.
///
/// Two things are asked for.
///
/// - A place. The last quarter of them is for callers who hold few, and for those who hold none and
///   come with many at once: whoever fills the others does not shut out the rest.
/// - Time. By the [CostModel] a text is expected to be answered in what is left to its deadline, an
///   eighth less for the way back and for what nobody expects; and those of its caller that would
///   run after it still are. Where no worker has been idle for as long as the deadline, in half of
///   it: a queue that does not go away keeps the workers no busier the longer it is, and only makes
///   answers late where the way back is slow, as it is when there is too much to do (the standing
///   queue of CoDel; Nichols and Jacobson, 2012, <https://doi.org/10.1145/2208917.2209336>). Where
///   a worker is free a text is always taken: prophecies that nobody puts to the test would come
///   true.
final class AdmissionControl {
  /// What a caller may hold of the last quarter, in parts of all places.
  private static final int FEW = 16;

  /// The part of the time to a deadline that is not counted on, twice that of [Ticket#nanosToWait].
  private static final int MARGIN = 8;

  private static final int MARGIN_WHEN_LASTING = 2;

  private final WaitingLine line;
  private final int capacity;
  private final int workers;

  /// When a worker last had nothing to do.
  private long idleAt;

  /// @param capacity places
  AdmissionControl(WaitingLine line, int capacity, int workers, long now) {
    this.line = line;
    this.capacity = capacity;
    this.workers = workers;
    this.idleAt = now;
  }

  /// Most texts of one caller that ever find places together.
  int capacity() {
    return capacity;
  }

  /// Most texts that may wait for places together.
  int patientCapacity() {
    return capacity - capacity / 4;
  }

  /// Whether so many texts of a caller find places now.
  boolean hasPlaces(Object caller, int texts) {
    return hasPatientPlaces(caller, texts)
        || (line.size() + texts <= capacity
            && line.size(caller) + texts <= Math.max(1, capacity / FEW));
  }

  /// Whether so many texts of a caller who can wait for places find them. One of whom nothing waits
  /// has of the last quarter too, or those who come with few at a time would keep him out for ever.
  boolean hasPatientPlaces(Object caller, int texts) {
    int taken = line.size() + texts;
    return taken <= patientCapacity() || (taken <= capacity && line.size(caller) == 0);
  }

  /// Whether texts of a caller, which come now, would be answered in time.
  ///
  /// @param running batches that run
  /// @param busy nanoseconds until they have left the workers
  /// @param work what the texts are expected to take together, in nanoseconds
  /// @param longest what the longest of them is expected to take
  boolean hasTime(Terms terms, int running, long busy, long work, long longest, long now) {
    if (running + line.size() < workers) {
      return true;
    }
    long due = Ticket.due(terms, now);
    long left = terms.deadline().nanosLeft(now);
    if (left == Long.MAX_VALUE) {
      return line.leastSpare(terms, due, workers, busy, now) >= work;
    }
    // Where there was more than enough to do for that long, the others will go on asking.
    boolean lasting = now - idleAt > left;
    long expected =
        (busy + line.until(terms, due, work, lasting) + longest * (workers - 1)) / workers;
    return expected <= left - left / (lasting ? MARGIN_WHEN_LASTING : MARGIN)
        && line.leastSpare(terms, due, workers, busy, now) >= work;
  }

  /// A worker has nothing to do.
  void idle(long now) {
    idleAt = now;
  }

  /// Whether a ticket whose turn has come is not run.
  ///
  /// @param running batches that run
  boolean isLate(Ticket ticket, int running, long now) {
    if (ticket.terms().deadline().passed(now)) {
      return true;
    }
    // Where there is a worker for each that waits there is nothing to lose.
    return line.size() > workers - running && ticket.nanosToWait(now) < 0;
  }

  /// Why a ticket was late then.
  static NunchiException late(Ticket ticket, long then) {
    return ticket.terms().deadline().passed(then)
        ? NunchiException.withoutTrace(
            Reason.DEADLINE_EXCEEDED, "The deadline passed while the request waited")
        : overloaded("too little time is left of the deadline for the model to answer");
  }

  static NunchiException overloaded(String why) {
    return NunchiException.withoutTrace(
        Reason.OVERLOADED, "The server is overloaded: %s; try again later".formatted(why));
  }
}
