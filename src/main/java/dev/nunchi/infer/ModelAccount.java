package dev.nunchi.infer;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.util.Arrays;
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
  private long batches;
  private long texts;
  private long tokens;
  private long paddingTokens;

  /// What a text is expected to take, in nanoseconds.
  long cost(RunInput input) {
    int tokens = tokens(input);
    return tokens == 0 ? 0 : cost.nanos(tokens);
  }

  /// Tokens that it has, or is expected to have.
  int tokens(RunInput input) {
    return input.tokens(estimate);
  }

  /// Texts that have a place.
  int waiting() {
    return waiting;
  }

  void placed() {
    waiting++;
  }

  void displaced() {
    waiting--;
  }

  /// Texts that were accepted and have no answer.
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
    int[] lengths =
        batch.tickets().stream()
            .map(Ticket::input)
            .filter(RunInput::isEncoded)
            .mapToInt(this::tokens)
            .filter(length -> length > 0)
            .toArray();
    if (lengths.length > 0) {
      if (batch.tickets().getFirst().model().isTypical(batch)) {
        cost.observe(lengths, nanos);
      }
      count(lengths, batch.tickets().getFirst().model().mates());
    }
    batch.tickets().forEach(ticket -> ticket.input().teach(estimate));
  }

  /// @param lengths of the texts of a batch, in tokens
  private void count(int[] lengths, BatchMates mates) {
    batches++;
    texts += lengths.length;
    tokens += Arrays.stream(lengths).sum();
    paddingTokens += mates.padding(lengths);
  }

  /// What batches that began with a text of this model were expected to take, and took, so far.
  RunTimes times() {
    return new RunTimes(expectedNanos, takenNanos, batches, texts, tokens, paddingTokens);
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
