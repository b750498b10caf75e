package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.vertx.core.http.HttpServerRequest;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The streams that are open: a limited number of all callers, of each and of each connection. They
/// end when the server is told to stop, and when they send nothing for long.
@Singleton
final class OpenStreams {
  private final StreamLimits limits;
  private final Map<ClassifyStream, Holder> streams = new ConcurrentHashMap<>();
  private final Map<Object, Integer> counts = new HashMap<>();
  private volatile boolean stopping;

  /// Who has a stream.
  ///
  /// @param connection over which it comes
  record Holder(Object connection, Identity caller) {}

  @Inject
  OpenStreams(ServeConfig config) {
    this(config.streams());
  }

  OpenStreams(StreamLimits limits) {
    this.limits = limits;
  }

  /// Who asks for a stream with this request.
  Holder holder(HttpServerRequest request) {
    return new Holder(request.connection(), Identity.of(request));
  }

  /// @throws NunchiException `OVERLOADED` if too many are open, `UNAVAILABLE` if the server stops
  void open(ClassifyStream stream, Holder holder) {
    if (stopping) {
      throw Drain.stopping();
    }
    synchronized (counts) {
      refuseIfFull(streams.size(), limits.most(), "The server");
      refuseIfFull(count(holder.connection()), limits.mostPerConnection(), "The connection");
      refuseIfFull(
          count(holder.caller()),
          limits.mostPerCaller(),
          "The %s".formatted(holder.caller().kind().word()));
      counts.merge(holder.connection(), 1, Integer::sum);
      counts.merge(holder.caller(), 1, Integer::sum);
      streams.put(stream, holder);
    }
    // Looked at again: whoever stopped them in between may have missed this one.
    if (stopping) {
      stream.close(Drain.stopping());
    }
  }

  void closed(ClassifyStream stream) {
    synchronized (counts) {
      @Nullable Holder holder = streams.remove(stream);
      if (holder != null) {
        countDown(holder.connection());
        countDown(holder.caller());
      }
    }
  }

  int count() {
    return streams.size();
  }

  /// Connections and callers that have one.
  int holderCount() {
    synchronized (counts) {
      return counts.size();
    }
  }

  /// Items of all streams that were read and have no answer that the transport took.
  int unansweredCount() {
    return open().stream().mapToInt(ClassifyStream::unansweredCount).sum();
  }

  /// Ends those that have sent nothing for too long.
  void closeIdle(long now) {
    if (!limits.idle().isZero()) {
      open().forEach(stream -> stream.closeIfIdle(limits.idle(), now));
    }
  }

  /// Has every stream answer what it accepted, and end.
  void stop(@Observes ShutdownDelayInitiatedEvent event) {
    stopping = true;
    open().forEach(stream -> stream.close(Drain.stopping()));
  }

  private Set<ClassifyStream> open() {
    return streams.keySet();
  }

  private int count(Object holder) {
    return counts.getOrDefault(holder, 0);
  }

  private void countDown(Object holder) {
    counts.computeIfPresent(holder, (_, count) -> count == 1 ? null : count - 1);
  }

  private static void refuseIfFull(int count, int most, String whose) {
    if (most != 0 && count >= most) {
      throw new NunchiException(
          Reason.OVERLOADED,
          "%s has %d open streams, which is all that it may have; try again later"
              .formatted(whose, count));
    }
  }
}
