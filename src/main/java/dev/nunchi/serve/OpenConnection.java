package dev.nunchi.serve;

import io.netty.channel.Channel;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.util.AttributeKey;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// What a connection is at, as far as it matters for how long it may stay: told by the handlers of
/// [Inlet] on its event loop, read by [OpenConnections].
final class OpenConnection {
  /// What it is at.
  enum Phase {
    /// It has not sent a request, or not the whole header of its first.
    NEW,
    /// Nothing: it may send another request.
    IDLE,
    /// The header of a further request comes.
    HEADER,
    /// The body of a request comes.
    BODY,
    /// A request has come, and is answered.
    ANSWER,
  }

  /// Why it is closed, as metrics say it.
  enum Cause {
    /// No other could make place for it.
    REFUSED,
    /// Another one needed its place.
    PLACE,
    /// A header did not come.
    HEADER,
    /// A body did not come.
    BODY,
    /// An answer was not read.
    WRITE,
  }

  private static final Logger LOG = Logger.getLogger(OpenConnection.class);

  private static final AttributeKey<OpenConnection> KEY =
      AttributeKey.valueOf("nunchi-open-connection");

  private static final int NETWORK_BYTES = 8;

  /// For who has been told so to read it, see [OpenCalls].
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final Channel channel;
  private final String network;
  private final HeldBodies bodies;
  private volatile Phase phase = Phase.NEW;
  private volatile long since = System.nanoTime();
  private volatile @Nullable Http2Connection http2;

  /// Of HTTP/2: answers that have been given and wait for the caller to let them come.
  private final AtomicInteger answers = new AtomicInteger();

  private final AtomicBoolean closing = new AtomicBoolean();

  /// Of [#overdue] alone: what had to be written before it could take more, and when that became
  /// less.
  private long backlog;

  private long movedAt = System.nanoTime();

  OpenConnection(Channel channel, HeldBodies bodies) {
    this.channel = channel;
    this.bodies = bodies;
    this.network = network(channel.remoteAddress());
    channel.attr(KEY).set(this);
  }

  /// That of a channel; null for one that did not come through [Doors].
  static @Nullable OpenConnection of(Channel channel) {
    return channel.attr(KEY).get();
  }

  Channel channel() {
    return channel;
  }

  /// What its requests hold; on its event loop alone.
  HeldBodies bodies() {
    return bodies;
  }

  /// The address that it comes from; of IPv6, where a machine has many, the network (`/64`).
  String network() {
    return network;
  }

  void isAt(Phase next) {
    phase = next;
    since = System.nanoTime();
  }

  /// Some bytes came.
  void received() {
    if (http2 != null) {
      since = System.nanoTime();
    } else if (phase == Phase.IDLE) {
      isAt(Phase.HEADER);
    }
  }

  void becomesHttp2(Http2Connection connection) {
    http2 = connection;
    isAt(Phase.IDLE);
  }

  /// A stream of HTTP/2 has its answer, and stays until the caller lets it come.
  void answered() {
    answers.incrementAndGet();
  }

  /// Such a stream is closed.
  void answerWent() {
    answers.decrementAndGet();
  }

  /// When it began with what it is at; of HTTP/2 when it last sent something.
  long since() {
    return since;
  }

  /// Whether it has sent no request yet.
  boolean isNew() {
    return phase == Phase.NEW;
  }

  /// Whether closing it loses no call.
  boolean holdsNoCall() {
    @Nullable Http2Connection connection = http2;
    return connection == null
        ? phase != Phase.BODY && phase != Phase.ANSWER
        : connection.numActiveStreams() <= answers.get();
  }

  /// Whether nobody has begun to close it, as who asks does from now on.
  boolean beginsToClose() {
    return closing.compareAndSet(false, true);
  }

  /// Closes it at once, on its event loop. Netty would wait half a minute for the streams of HTTP/2
  /// that are open, and those are what it is closed for: a caller who does not let his answers come
  /// would keep his socket while another has his place.
  void close() {
    try {
      channel.eventLoop().execute(this::closeNow);
    } catch (RejectedExecutionException e) {
      // As where it died, which Doors ends the process for.
      LOG.debug("A connection could not be closed, as its event loop has ended", e);
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // The channel tells that it is closed.
  private void closeNow() {
    @Nullable Http2ConnectionHandler handler = channel.pipeline().get(Http2ConnectionHandler.class);
    if (handler != null) {
      handler.gracefulShutdownTimeoutMillis(0);
    }
    channel.close();
  }

  /// Which limit it is over. To be asked by one thread, again and again.
  Optional<Cause> overdue(ConnectionLimits limits, long now) {
    boolean stalled = isOver(now - moved(now), limits.write());
    long nanos = now - since;
    Optional<Cause> late =
        switch (phase) {
          case NEW, HEADER -> cause(isOver(nanos, limits.header()), Cause.HEADER);
          case BODY -> cause(isOver(nanos - GRACE.toNanos(), limits.body()), Cause.BODY);
          case IDLE, ANSWER -> Optional.empty();
        };
    return late.or(() -> cause(stalled, Cause.WRITE));
  }

  private static Optional<Cause> cause(boolean so, Cause cause) {
    return so ? Optional.of(cause) : Optional.empty();
  }

  /// When what waits to be written last became less, or there was room for more.
  private long moved(long now) {
    long before = backlog;
    backlog = channel.bytesBeforeWritable();
    if (backlog == 0 || backlog < before) {
      movedAt = now;
    }
    return movedAt;
  }

  private static boolean isOver(long nanos, Duration limit) {
    return !limit.isZero() && nanos > limit.toNanos();
  }

  private static String network(@Nullable SocketAddress address) {
    if (!(address instanceof InetSocketAddress internet)) {
      return "";
    }
    InetAddress host = internet.getAddress();
    return host instanceof Inet6Address
        ? HexFormat.of().formatHex(Arrays.copyOf(host.getAddress(), NETWORK_BYTES))
        : host.getHostAddress();
  }
}
