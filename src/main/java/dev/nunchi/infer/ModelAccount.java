package dev.nunchi.infer;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.util.EnumMap;
import java.util.Map;

/// What a [RunQueue] keeps of one model. Guarded by its lock.
final class ModelAccount {
  private final CostModel cost = new CostModel();
  private final TokenEstimate estimate = new TokenEstimate();
  private final Map<Refusal, Long> refusals = new EnumMap<>(Refusal.class);
  private int waiting;
  private int unanswered;
  private boolean closed;
  private long expectedNanos;
  private long takenNanos;

  /// What a text is expected to take, in nanoseconds.
  long cost(RunInput input) {
    return cost.nanos(tokens(input));
  }

  /// Tokens that it has, or is expected to have.
  int tokens(RunInput input) {
    return input.tokens(estimate);
  }

  /// Encodings that have a place.
  int waiting() {
    return waiting;
  }

  void placed() {
    waiting++;
  }

  void displaced() {
    waiting--;
  }

  /// Encodings that were accepted and have no answer.
  int unanswered() {
    return unanswered;
  }

  void accepted(int texts) {
    unanswered += texts;
  }

  void settled() {
    unanswered--;
  }

  void refused(Refusal why, int texts) {
    refusals.merge(why, (long) texts, Long::sum);
  }

  long refused(Refusal why) {
    return refusals.getOrDefault(why, 0L);
  }

  /// A batch has run.
  ///
  /// @param nanos for which it kept its worker
  void ran(Batch batch, long nanos) {
    expectedNanos += batch.cost();
    takenNanos += nanos;
    int[] tokens =
        batch.tickets().stream()
            .map(Ticket::input)
            .filter(RunInput::isEncoded)
            .mapToInt(this::tokens)
            .toArray();
    if (tokens.length > 0) {
      cost.observe(tokens, nanos);
    }
    batch.tickets().forEach(ticket -> ticket.input().teach(estimate));
  }

  /// What batches that began with a text of this model were expected to take, and took, so far.
  RunTimes times() {
    return new RunTimes(expectedNanos, takenNanos);
  }

  void close() {
    closed = true;
  }

  /// @throws NunchiException `UNAVAILABLE` after [#close]
  void requireOpen() {
    if (closed) {
      throw new NunchiException(Reason.UNAVAILABLE, "The model is being stopped");
    }
  }
}
