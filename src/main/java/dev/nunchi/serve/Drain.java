package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.netty.handler.codec.http2.Http2Error;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.eclipse.microprofile.config.ConfigProvider;

/// Ends the server's calls when it is told to stop, so that none is lost: whoever was accepted has
/// the answer, and not only the program has written it.
///
/// From the start each answer over HTTP/1.1 is the last on its connection, and says so. Once
/// `nunchi.shutdown-delay` is over, nobody finds the server any more ([Doors#close]), and every
/// connection of HTTP/2 is told by GOAWAY to begin no more calls and, a moment later, when what was
/// on its way has come, which of them was the last; calls on connections that came at that moment
/// are refused, and so are requests that have not come whole by then. Then this waits until each
/// answer has left the process, and a moment for callers to close their connections: closing one on
/// which something lies unread would take from the caller what it has not read; who calls in it
/// over HTTP/1.1, on a connection that was idle, is answered too. The answers have
/// `quarkus.shutdown.timeout`, to which that moment comes; a second signal ends both.
///
/// Quarkus closes the server afterwards. It has a delay and a drain of its own, which ends when the
/// last answer is handed over, and closes connections with the last call on them; it finds nothing
/// to do.
@Singleton
final class Drain {
  // After the access log, which has what is refused here, and before authentication.
  private static final int PRIORITY = 900;

  // After whoever tells of it, and ends streams.
  private static final int LAST = 10_000;

  /// For calls that were sent before their caller read that there are to be no more.
  private static final Duration ON_ITS_WAY = Duration.ofMillis(300);

  /// For callers to close.
  private static final Duration CLOSING = Duration.ofSeconds(1);

  private final ServeConfig config;
  private final Metrics metrics;
  private final OpenCalls open;
  private final Doors doors;
  private final Set<HttpConnection> connections = ConcurrentHashMap.newKeySet();
  private volatile boolean leaving;
  private volatile boolean stopping;
  private volatile boolean last;
  private volatile boolean closing;
  private volatile boolean hurried;

  Drain(ServeConfig config, Metrics metrics, OpenCalls open, Doors doors) {
    this.config = config;
    this.metrics = metrics;
    this.open = open;
    this.doors = doors;
  }

  void register(@Observes Filters filters) {
    filters.register(this::enter, PRIORITY);
  }

  /// Returns when nothing is left to be done; to be called when health says that the server stops.
  void stop(@Observes @Priority(LAST) ShutdownDelayInitiatedEvent event) {
    SecondSignal.then(() -> hurried = true);
    try {
      drain();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// What is said of a call that is refused, or ended, because the server is told to stop.
  static NunchiException stopping() {
    return new NunchiException(Reason.UNAVAILABLE, "The server is being stopped");
  }

  /// Whether calls on new connections are refused.
  boolean isStopping() {
    return stopping;
  }

  void enter(RoutingContext context) {
    HttpConnection connection = context.request().connection();
    // Before it is asked whether it is refused: either that sees that this closes, or this sees it.
    OpenCalls.Call call = open.add(context);
    if (stopping && isRefused(context)) {
      open.remove(call);
      refuse(context);
      return;
    }
    if (connections.add(connection)) {
      Transport.whenClosed(connection, () -> connections.remove(connection));
    }
    LastAnswer.sayIf(() -> leaving, context);
    context.addEndHandler(_ -> open.remove(call));
    context.next();
  }

  /// A call of gRPC is said to be one that has not begun, which its caller sends again elsewhere
  /// without being told to (RFC 9113, section 8.7).
  private void refuse(RoutingContext context) {
    NunchiException reason = stopping();
    CallName call = CallName.of(context.request());
    if (call.protocol() == Protocol.GRPC && context.request().version() == HttpVersion.HTTP_2) {
      metrics.request(call.protocol(), call.method(), Failure.of(reason));
      Transport.goAway(context.request().connection(), null);
      context.response().reset(Http2Error.REFUSED_STREAM.code());
    } else {
      open.refuse(context, reason);
    }
  }

  /// Health and metrics are for those who look on.
  private boolean isRefused(RoutingContext context) {
    String path = CallName.path(context.request());
    boolean isNew = !connections.contains(context.request().connection());
    return (isNew || closing || (last && context.request().version() == HttpVersion.HTTP_2))
        && !path.startsWith("/q/")
        && !path.startsWith("/grpc.health.v1.");
  }

  /// Takes no more calls, and returns when those that it took have left, or the time is over.
  void drain() throws InterruptedException {
    leaving = true;
    pause(config.shutdownDelay());
    long began = System.nanoTime();
    stopping = true;
    doors.close();
    connections.forEach(connection -> Transport.goAway(connection, Transport.ANY_STREAM));
    pause(ON_ITS_WAY);
    last = true;
    connections.forEach(connection -> Transport.goAway(connection, null));
    open.forEach(call -> open.refuseUnlessWhole(call, this::refuse));
    await(this::isFlushed, timeout().minusNanos(System.nanoTime() - began));
    await(this::areClosed, CLOSING);
    closing = true;
    // What was taken over HTTP/1.1 meanwhile.
    await(this::isFlushed, timeout().minusNanos(System.nanoTime() - began));
    // Whoever is left is not waited for any more.
    open.forEach(call -> call.context().request().connection().close());
  }

  private boolean isFlushed() {
    return open.isEmpty() && connections.stream().allMatch(Transport::hasSentAll);
  }

  private boolean areClosed() {
    return connections.stream().noneMatch(Transport::isHttp2);
  }

  /// Waits, unless there is a hurry.
  private void pause(Duration time) throws InterruptedException {
    await(() -> false, time);
  }

  /// Waits until that is so, or the time is over, or there is a hurry.
  private void await(BooleanSupplier reached, Duration most) throws InterruptedException {
    long until = System.nanoTime() + most.toNanos();
    while (!hurried && !reached.getAsBoolean() && System.nanoTime() - until < 0) {
      Thread.sleep(5);
    }
  }

  private static Duration timeout() {
    return ConfigProvider.getConfig()
        .getOptionalValue("quarkus.shutdown.timeout", Duration.class)
        .orElse(Duration.ofSeconds(20));
  }
}
