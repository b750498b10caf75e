package dev.nunchi.infer;

import dev.nunchi.text.Encoding;
import java.util.concurrent.CompletableFuture;

/// An encoding that a [Scheduler] was given, and the future of its run. Each is equal to itself
/// alone.
final class Ticket {
  private final Encoding encoding;
  private final Deadline deadline;
  private final long acceptedAt;
  private final CompletableFuture<Run> run = new CompletableFuture<>();

  /// @param acceptedAt on the scheduler's clock
  Ticket(Encoding encoding, Deadline deadline, long acceptedAt) {
    this.encoding = encoding;
    this.deadline = deadline;
    this.acceptedAt = acceptedAt;
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
