package dev.nunchi.serve;

import dev.nunchi.serve.OpenConnection.Cause;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// The connections to a port: as many as its [ConnectionLimits] allow.
///
/// Where one more comes, those make place that hold no call: first who has never sent a request,
/// then who has been silent for longest. So connections that do nothing, however many, keep nobody
/// out; where all hold a call, the new one is refused.
final class OpenConnections {
  /// For each place that is needed so many are made, in parts of all: looking for them costs more
  /// than closing them.
  private static final int PARTS = 32;

  private static final Comparator<Candidate> WHO_GOES_FIRST =
      Comparator.comparing((Candidate candidate) -> !candidate.isNew())
          .thenComparing((one, other) -> Long.signum(one.since() - other.since()));

  private final ConnectionLimits limits;
  private final Consumer<Cause> closed;
  private final Set<OpenConnection> all = new LinkedHashSet<>();
  private final Map<String, Integer> counts = new HashMap<>();

  /// One that may go, as it was when it was looked at: what its event loop changes meanwhile would
  /// not be in any order.
  private record Candidate(OpenConnection connection, boolean isNew, long since) {
    static Candidate of(OpenConnection connection) {
      return new Candidate(connection, connection.isNew(), connection.since());
    }
  }

  /// @param closed hears of each connection that is closed or refused here, and why; once of each
  OpenConnections(ConnectionLimits limits, Consumer<Cause> closed) {
    this.limits = limits;
    this.closed = closed;
  }

  /// Whether it may stay; [#remove] has to be called when it is closed.
  synchronized boolean add(OpenConnection connection) {
    String network = connection.network();
    if (isFull(counts.getOrDefault(network, 0), limits.mostPerAddress())
        && !makePlace(limits.mostPerAddress(), other -> other.network().equals(network))) {
      closed.accept(Cause.REFUSED);
      return false;
    }
    if (isFull(all.size(), limits.most()) && !makePlace(limits.most(), _ -> true)) {
      closed.accept(Cause.REFUSED);
      return false;
    }
    all.add(connection);
    counts.merge(network, 1, Integer::sum);
    return true;
  }

  synchronized void remove(OpenConnection connection) {
    if (all.remove(connection)) {
      counts.computeIfPresent(connection.network(), (_, count) -> count == 1 ? null : count - 1);
    }
  }

  synchronized int count() {
    return all.size();
  }

  /// Closes those that are over a limit of time. To be called by one thread, again and again.
  void closeOverdue(long now) {
    List<OpenConnection> open;
    synchronized (this) {
      open = List.copyOf(all);
    }
    for (OpenConnection connection : open) {
      connection.overdue(limits, now).ifPresent(cause -> close(connection, cause));
    }
  }

  private boolean makePlace(int most, Predicate<OpenConnection> which) {
    List<OpenConnection> gone =
        all.stream()
            .filter(which.and(OpenConnection::holdsNoCall))
            .map(Candidate::of)
            .sorted(WHO_GOES_FIRST)
            .limit(1 + most / PARTS)
            .map(Candidate::connection)
            .toList();
    gone.forEach(connection -> {
      remove(connection);
      close(connection, Cause.PLACE);
    });
    return !gone.isEmpty();
  }

  /// Over TLS that takes a moment, in which it may be found again.
  private void close(OpenConnection connection, Cause cause) {
    if (connection.beginsToClose()) {
      closed.accept(cause);
      connection.close();
    }
  }

  private static boolean isFull(int count, int most) {
    return most != 0 && count >= most;
  }
}
