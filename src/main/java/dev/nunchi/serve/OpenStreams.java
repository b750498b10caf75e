package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/// The streams that are open, of all callers: a limited number, which end when the server is told
/// to stop.
@Singleton
final class OpenStreams {
  private final int limit;
  private final Semaphore places;
  private final Set<ClassifyStream> streams = ConcurrentHashMap.newKeySet();
  private volatile boolean stopping;

  OpenStreams(Limits limits) {
    this.limit = limits.maxStreamCount();
    this.places = new Semaphore(limit);
  }

  /// @throws NunchiException `OVERLOADED` if too many are open, `UNAVAILABLE` if the server stops
  void open(ClassifyStream stream) {
    if (stopping) {
      throw unavailable();
    }
    if (!places.tryAcquire()) {
      throw new NunchiException(
          Reason.OVERLOADED,
          "The server has %d open streams, which is all that it takes; try again later"
              .formatted(limit));
    }
    streams.add(stream);
    // Looked at again: whoever stopped them in between may have missed this one.
    if (stopping) {
      stream.close(unavailable());
    }
  }

  void closed(ClassifyStream stream) {
    if (streams.remove(stream)) {
      places.release();
    }
  }

  int count() {
    return streams.size();
  }

  /// Items of all streams that were read and have no answer that the transport took.
  int unansweredCount() {
    return streams.stream().mapToInt(ClassifyStream::unansweredCount).sum();
  }

  /// Has every stream answer what it accepted, and end.
  void stop(@Observes ShutdownDelayInitiatedEvent event) {
    stopping = true;
    streams.forEach(stream -> stream.close(unavailable()));
  }

  private static NunchiException unavailable() {
    return new NunchiException(Reason.UNAVAILABLE, "The server is being stopped");
  }
}
