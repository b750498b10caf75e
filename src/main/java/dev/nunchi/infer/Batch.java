package dev.nunchi.infer;

import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;

/// Tickets of one length that a worker runs together.
///
/// @param cost the nanoseconds for which they are expected to keep their worker
/// @param startedAt when the worker took them, on the queue's clock
record Batch(List<Ticket> tickets, long cost, long startedAt) {
  /// Has them computed, and answers each.
  // Whatever the backend throws goes to the callers who wait for it; the worker must live on.
  @SuppressWarnings("CatchThrowable")
  void run(LongSupplier nanoClock) {
    try {
      float[][] logits = tickets.getFirst().model().logits(tickets);
      Duration inference = Duration.ofNanos(nanoClock.getAsLong() - startedAt);
      for (int i = 0; i < tickets.size(); i++) {
        Ticket ticket = tickets.get(i);
        Duration queue = Duration.ofNanos(startedAt - ticket.acceptedAt());
        ticket.run().complete(new Run(logits[i], queue, inference));
      }
    } catch (Throwable e) {
      tickets.forEach(ticket -> ticket.run().completeExceptionally(e));
    }
  }
}
