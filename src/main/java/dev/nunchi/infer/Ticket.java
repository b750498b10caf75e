package dev.nunchi.infer;

import java.util.Comparator;
import java.util.concurrent.CompletableFuture;

/// An input that a [RunQueue] was given, and the future of its run. Each is equal to itself alone.
final class Ticket {
  /// Whose turn comes first among those of one caller: who is due first, and of those who came
  /// first.
  static final Comparator<Ticket> BY_DUE =
      (one, other) -> {
        int due = Long.signum(one.due - other.due);
        return due == 0 ? Long.signum(one.number - other.number) : due;
      };

  private static final long PATIENCE_NANOS = 1_000_000_000;

  /// The part of the time to its deadline that is left for the answer's way back.
  private static final int MARGIN = 16;

  private final Scheduler model;
  private final RunInput input;
  private final Terms terms;
  private final long acceptedAt;
  private final long number;
  private final long cost;
  private final long due;
  private final boolean light;
  private final CompletableFuture<Run> run = new CompletableFuture<>();
  private long costTaken;

  /// @param acceptedAt on the queue's clock
  /// @param number of its own, rising in the order in which tickets are accepted
  /// @param cost the nanoseconds for which it is expected to keep a worker
  Ticket(Scheduler model, RunInput input, Terms terms, long acceptedAt, long number, long cost) {
    this.model = model;
    this.input = input;
    this.terms = terms;
    this.acceptedAt = acceptedAt;
    this.number = number;
    this.cost = cost;
    this.due = due(terms, acceptedAt);
    this.light = input.isLight();
  }

  /// By when a ticket is to be answered, as the others of its caller see it: at its deadline, and
  /// within a second at most, so that no stream of nearer deadlines holds it up for longer.
  static long due(Terms terms, long acceptedAt) {
    return acceptedAt + Math.min(PATIENCE_NANOS, terms.deadline().nanosLeft(acceptedAt));
  }

  /// The model's part of the queue.
  Scheduler model() {
    return model;
  }

  RunInput input() {
    return input;
  }

  Terms terms() {
    return terms;
  }

  long acceptedAt() {
    return acceptedAt;
  }

  /// The nanoseconds for which it is expected to keep a worker, by what was known when it came.
  long cost() {
    return cost;
  }

  /// The same by what is known now: of a model that has just been opened nothing was, and of a text
  /// before it is encoded not how many tokens it has.
  long costNow() {
    return model.account().cost(input);
  }

  /// Tokens that it has, or is expected to have.
  int tokens() {
    return model.account().tokens(input);
  }

  /// Its turn has come.
  ///
  /// @return what is counted to its caller, by what is known now
  long take() {
    costTaken = costNow();
    return costTaken;
  }

  /// What was counted to its caller.
  long costTaken() {
    return costTaken;
  }

  /// Whether it was light when it came, see [RunInput#isLight].
  boolean isLight() {
    return light;
  }

  boolean isDueBy(long moment) {
    return moment - due >= 0;
  }

  /// How long it may still wait before it begins to run, if it is to be answered in time, in
  /// nanoseconds; [Long#MAX_VALUE] where it has no deadline.
  long nanosToWait(long now) {
    long left = terms.deadline().nanosLeft(now);
    return left == Long.MAX_VALUE
        ? left
        : left - costNow() - terms.deadline().nanosLeft(acceptedAt) / MARGIN;
  }

  CompletableFuture<Run> run() {
    return run;
  }
}
