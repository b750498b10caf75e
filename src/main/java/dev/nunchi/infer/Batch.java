package dev.nunchi.infer;

import dev.nunchi.text.Encoding;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Tickets that a worker encodes, where nobody has, and runs together.
///
/// @param cost the nanoseconds for which they are expected to keep their worker
/// @param startedAt when the worker took them, on the queue's clock
/// @param alone whether it is one text, and nothing else ran or waited then
record Batch(List<Ticket> tickets, long cost, long startedAt, boolean alone) {
  /// Has them computed, and answers each. One that cannot be encoded fails alone.
  // Whatever the backend throws goes to the callers who wait for it; the worker must live on.
  @SuppressWarnings("CatchThrowable")
  void run(LongSupplier nanoClock) {
    List<Ticket> encoded = new ArrayList<>(tickets.size());
    List<Encoding> encodings = new ArrayList<>(tickets.size());
    for (Ticket ticket : tickets) {
      try {
        @Nullable Encoding encoding = ticket.input().encoding();
        if (encoding == null) {
          ticket.run().complete(Run.NOTHING);
        } else {
          encoded.add(ticket);
          encodings.add(encoding);
        }
      } catch (Throwable e) {
        ticket.run().completeExceptionally(e);
      }
    }
    if (!encoded.isEmpty()) {
      run(encoded, encodings, nanoClock);
    }
  }

  @SuppressWarnings("CatchThrowable")
  private void run(List<Ticket> encoded, List<Encoding> encodings, LongSupplier nanoClock) {
    try {
      long began = nanoClock.getAsLong();
      float[][] logits = encoded.getFirst().model().logits(encoded, encodings, alone);
      Duration inference = Duration.ofNanos(nanoClock.getAsLong() - began);
      for (int i = 0; i < encoded.size(); i++) {
        Ticket ticket = encoded.get(i);
        Duration queue = Duration.ofNanos(startedAt - ticket.acceptedAt());
        ticket.run().complete(new Run(logits[i], queue, inference));
      }
    } catch (Throwable e) {
      encoded.forEach(ticket -> ticket.run().completeExceptionally(e));
    }
  }
}
