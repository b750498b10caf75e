package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.EventExecutor;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Knows of each stream of HTTP/2 what it holds: its headers and its answer in memory, and its
/// connection a place.
///
/// An answer waits for the caller's window, and holds the headers of its request until it has been
/// sent. A caller has thousands of streams on a connection, needs no token to open them, and sends
/// a header of many KiB as a few bytes; an answer may have many KiB too. So:
///
/// - All headers, and answers that wait, may together hold a sixteenth of the heap. Beyond that a
///   connection that holds more than its share ([MemoryShares]) has its next streams, and those
///   whose answers would have to wait, reset with `ENHANCE_YOUR_CALM`, which gRPC tells as
///   `RESOURCE_EXHAUSTED`: words would have to wait for the same window.
/// - A connection holds a call ([OpenConnection#holdsNoCall]) until it is answered, not until the
///   caller has let the answer come.
@Singleton
final class Http2Streams {
  // After the connection is guarded, before the call is looked at.
  private static final int PRIORITY = 1900;

  private static final AttributeKey<Streams> STREAMS = AttributeKey.valueOf("nunchi-http2-streams");

  /// What RFC 9113 counts for a header beside its name and value.
  private static final int BYTES_BESIDE = 32;

  /// What is counted of an answer: of a long stream only the end can wait.
  private static final int MOST_ANSWER_BYTES = 1 << 20;

  private final Metrics metrics;
  private final MemoryShares shares;

  @Inject
  Http2Streams(Metrics metrics) {
    this(metrics, MemoryShares.ofHeap());
  }

  Http2Streams(Metrics metrics, MemoryShares shares) {
    this.metrics = metrics;
    this.shares = shares;
  }

  void register(@Observes Filters filters) {
    filters.register(this::begin, PRIORITY);
  }

  /// Counts the stream of a request, which goes on to the next handler unless it is refused.
  void begin(RoutingContext context) {
    HttpServerRequest request = context.request();
    if (request.version() == HttpVersion.HTTP_2
        && request.connection() instanceof ConnectionBase connection) {
      Streams streams = of(connection.channelHandlerContext().channel());
      int id = request.response().streamId();
      boolean grpc = CallName.of(request).protocol() == Protocol.GRPC;
      if (!streams.begin(id, size(request), grpc)) {
        refuse(request);
        return;
      }
      EventExecutor loop = connection.channelHandlerContext().executor();
      context.addEndHandler(_ -> {
        int bytes = (int) Math.min(MOST_ANSWER_BYTES, request.response().bytesWritten());
        // Metrics are answered by a worker.
        if (loop.inEventLoop()) {
          answered(streams, request, id, bytes);
        } else {
          loop.execute(() -> answered(streams, request, id, bytes));
        }
      });
    }
    context.next();
  }

  private void answered(Streams streams, HttpServerRequest request, int id, int bytes) {
    if (!streams.answered(id, bytes)) {
      metrics.withdrawn(CallName.of(request).protocol(), Reason.OVERLOADED);
    }
  }

  /// What streams of all connections hold.
  long heldBytes() {
    return shares.held();
  }

  private void refuse(HttpServerRequest request) {
    CallName call = CallName.of(request);
    metrics.request(
        call.protocol(),
        call.method(),
        Failure.of(
            new NunchiException(
                Reason.OVERLOADED, "Too many calls of the connection wait for their answers")));
    request.response().reset(Http2Error.ENHANCE_YOUR_CALM.code());
  }

  private Streams of(Channel channel) {
    @Nullable Streams known = channel.attr(STREAMS).get();
    if (known == null) {
      known = new Streams(channel, shares);
      channel.attr(STREAMS).set(known);
    }
    return known;
  }

  /// Never 0, as method, scheme, path and authority are headers too, which Vert.x takes from the
  /// others.
  private static int size(HttpServerRequest request) {
    int size = 4 * BYTES_BESIDE + request.uri().length();
    if (request.authority() != null) {
      size += request.authority().toString().length();
    }
    for (Map.Entry<String, String> header : request.headers()) {
      size += header.getKey().length() + header.getValue().length() + BYTES_BESIDE;
    }
    return size;
  }

  /// Those of one connection. On its event loop alone.
  private static final class Streams extends Http2ConnectionAdapter {
    private final Channel channel;
    private final Http2ConnectionHandler handler;
    private final Http2Connection http2;
    private final Http2Connection.PropertyKey size;
    private final Http2Connection.PropertyKey answered;
    private final MemoryShares.Holder headers;
    private final @Nullable OpenConnection place;
    private final HeldBodies.@Nullable Streams bodies;

    Streams(Channel channel, MemoryShares shares) {
      this.channel = channel;
      this.handler = channel.pipeline().get(Http2ConnectionHandler.class);
      this.http2 = handler.connection();
      this.size = http2.newKey();
      this.answered = http2.newKey();
      this.headers = shares.holder();
      this.place = OpenConnection.of(channel);
      this.bodies = place == null ? null : place.bodies().ofStreams(handler);
      http2.addListener(this);
    }

    boolean begin(int id, int bytes, boolean grpc) {
      @Nullable Http2Stream stream = http2.stream(id);
      if (stream == null) {
        // It is closed already.
        return true;
      }
      if (!headers.take(bytes)) {
        return false;
      }
      stream.setProperty(size, bytes);
      if (bodies != null) {
        bodies.begins(stream, grpc);
      }
      return true;
    }

    /// @param bytes of the answer
    /// @return whether it may wait, where it has to
    boolean answered(int id, int bytes) {
      @Nullable Http2Stream stream = http2.stream(id);
      if (stream == null) {
        return true;
      }
      if (place != null && stream.setProperty(answered, true) == null) {
        place.answered();
      }
      if (bodies != null) {
        bodies.ends(stream);
      }
      return !http2.remote().flowController().hasFlowControlled(stream) || waits(stream, bytes);
    }

    private boolean waits(Http2Stream stream, int bytes) {
      @Nullable Integer before = stream.getProperty(size);
      if (before == null || bytes == 0) {
        return true;
      }
      if (headers.take(bytes)) {
        stream.setProperty(size, before + bytes);
        return true;
      }
      ChannelHandlerContext context = channel.pipeline().context(handler);
      ChannelFuture _ =
          handler.resetStream(
              context, stream.id(), Http2Error.ENHANCE_YOUR_CALM.code(), context.newPromise());
      context.flush();
      return false;
    }

    @Override
    public void onStreamClosed(Http2Stream stream) {
      if (stream.removeProperty(answered) != null && place != null) {
        place.answerWent();
      }
      @Nullable Integer bytes = stream.removeProperty(size);
      if (bytes != null) {
        headers.giveBack(bytes);
      }
    }
  }
}
