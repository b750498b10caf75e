package dev.nunchi.infer;

import dev.nunchi.infer.RunReport.Share;
import dev.nunchi.text.Encoding;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
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
    int unknown = 0;
    for (Ticket ticket : tickets) {
      try {
        unknown += ticket.input().isEncoded() ? 0 : 1;
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
    long began = nanoClock.getAsLong();
    if (encoded.isEmpty()) {
      report(List.of(), List.of(), unknown, began, began, null);
    } else {
      run(encoded, encodings, unknown, began, nanoClock);
    }
  }

  @SuppressWarnings("CatchThrowable")
  private void run(
      List<Ticket> encoded,
      List<Encoding> encodings,
      int unknown,
      long began,
      LongSupplier nanoClock) {
    Scheduler model = encoded.getFirst().model();
    float[][] logits = {};
    @Nullable Throwable failure = null;
    try {
      logits = model.logits(encoded, encodings, alone);
    } catch (Throwable e) {
      failure = e;
    }
    long ended = nanoClock.getAsLong();
    try {
      report(encoded, encodings, unknown, began, ended, failure);
      if (failure == null) {
        float[][] all = logits;
        Duration inference = Duration.ofNanos(ended - began);
        Delivery.together(() -> {
          for (int i = 0; i < encoded.size(); i++) {
            Ticket ticket = encoded.get(i);
            Duration queue = Duration.ofNanos(startedAt - ticket.acceptedAt());
            ticket.run().complete(new Run(all[i], queue, inference));
          }
        });
      }
    } catch (Throwable e) {
      failure = e;
    }
    if (failure != null) {
      Throwable thrown = failure;
      encoded.forEach(ticket -> ticket.run().completeExceptionally(thrown));
    }
  }

  /// Tells who listens, if anybody does.
  private void report(
      List<Ticket> encoded,
      List<Encoding> encodings,
      int unknown,
      long began,
      long ended,
      @Nullable Throwable failure) {
    @Nullable RunListener first = null;
    for (Ticket ticket : tickets) {
      first = first == null ? ticket.terms().listener() : first;
    }
    if (first == null) {
      return;
    }
    int[] lengths = encodings.stream().mapToInt(Encoding::length).toArray();
    first.ran(
        new RunReport(
            shares(encoded),
            startedAt,
            began,
            ended,
            unknown,
            encoded.size(),
            Arrays.stream(lengths).sum(),
            tickets.getFirst().model().mates().padding(lengths),
            alone,
            failure));
  }

  private List<Share> shares(List<Ticket> encoded) {
    Map<RunListener, Integer> places = new IdentityHashMap<>();
    List<Share> shares = new ArrayList<>();
    for (Ticket ticket : tickets) {
      @Nullable RunListener listener = ticket.terms().listener();
      if (listener != null) {
        int texts = encoded.contains(ticket) ? 1 : 0;
        @Nullable Integer place = places.putIfAbsent(listener, shares.size());
        if (place == null) {
          shares.add(new Share(listener, texts, ticket.acceptedAt()));
        } else {
          Share other = shares.get(place);
          shares.set(
              place,
              new Share(
                  listener,
                  other.texts() + texts,
                  Math.min(other.acceptedAt(), ticket.acceptedAt())));
        }
      }
    }
    return shares;
  }
}
