package dev.nunchi.infer;

import dev.nunchi.text.Encoding;
import java.util.concurrent.CompletableFuture;

/// An encoding that a [Scheduler] was given, and the future of its run. Each is equal to itself
/// alone.
final class Ticket {
  private final Scheduler queue;
  private final Encoding encoding;
  private final Deadline deadline;
  private final long acceptedAt;
  private final CompletableFuture<Run> run = new CompletableFuture<>();

  /// @param queue that accepted it
  /// @param acceptedAt on the scheduler's clock
  Ticket(Scheduler queue, Encoding encoding, Deadline deadline, long acceptedAt) {
    this.queue = queue;
    this.encoding = encoding;
    this.deadline = deadline;
    this.acceptedAt = acceptedAt;
  }

  Scheduler queue() {
    return queue;
  }

  Encoding encoding() {
    return encoding;
  }

  Deadline deadline() {
    return deadline;
  }

  long acceptedAt() {
    return acceptedAt;
  }

  CompletableFuture<Run> run() {
    return run;
  }
}
