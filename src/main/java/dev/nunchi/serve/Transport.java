package dev.nunchi.serve;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// What lies under a connection of Vert.x, and what it has been given to send and has not sent: an
/// answer that is written may wait for the caller's window in HTTP/2, and for the socket.
final class Transport {
  /// As RFC 9113 has it for a server that does not yet know which stream will be the last.
  static final int ANY_STREAM = Integer.MAX_VALUE;

  private static final int MOMENT_MILLIS = 100;

  private Transport() {}

  static boolean isHttp2(HttpConnection connection) {
    return http2(channel(connection)) != null;
  }

  /// Has it run when the connection is closed, by whichever side.
  static void whenClosed(HttpConnection connection, Runnable task) {
    channel(connection).closeFuture().addListener(_ -> task.run());
  }

  /// Tells the caller to begin no more calls, over HTTP/2. Vert.x's own way to say so closes the
  /// connection with the last call on it, and takes that call's answer from a caller who is just
  /// sending something.
  ///
  /// @param last the last stream that is taken; null for the last that has come
  static void goAway(HttpConnection connection, @Nullable Integer last) {
    Channel channel = channel(connection);
    channel
        .eventLoop()
        .execute(() -> {
          @Nullable Http2ConnectionHandler handler =
              channel.pipeline().get(Http2ConnectionHandler.class);
          if (handler != null && channel.isActive()) {
            ChannelHandlerContext context = channel.pipeline().context(handler);
            ChannelFuture _ =
                handler
                    .encoder()
                    .frameWriter()
                    .writeGoAway(
                        context,
                        last == null ? handler.connection().remote().lastStreamCreated() : last,
                        Http2Error.NO_ERROR.code(),
                        Unpooled.EMPTY_BUFFER,
                        context.newPromise());
            context.flush();
          }
        });
  }

  /// Whether all that it was given lies with the system, as far as the connection's event loop says
  /// so in a moment: one that is blocked has not sent it.
  static boolean hasSentAll(HttpConnection connection) {
    Channel channel = channel(connection);
    if (!channel.isOpen()) {
      return true;
    }
    try {
      return CompletableFuture.supplyAsync(() -> hasSentAll(channel), channel.eventLoop())
          .completeOnTimeout(false, MOMENT_MILLIS, TimeUnit.MILLISECONDS)
          .join();
    } catch (RejectedExecutionException e) {
      // The event loop has ended, and will send no more.
      return true;
    }
  }

  private static boolean hasSentAll(Channel channel) {
    @Nullable ChannelOutboundBuffer socket = channel.unsafe().outboundBuffer();
    @Nullable Http2Connection http2 = http2(channel);
    return (socket == null || socket.totalPendingWriteBytes() == 0)
        && (http2 == null || !isAnswering(http2));
  }

  /// Whether a stream waits for its last frame.
  private static boolean isAnswering(Http2Connection connection) {
    try {
      return connection.forEachActiveStream(stream -> !stream.state().localSideOpen()) != null;
    } catch (Http2Exception e) {
      return false;
    }
  }

  private static @Nullable Http2Connection http2(Channel channel) {
    @Nullable Http2ConnectionHandler handler = channel.pipeline().get(Http2ConnectionHandler.class);
    return handler == null ? null : handler.connection();
  }

  private static Channel channel(HttpConnection connection) {
    return ((ConnectionBase) connection).channelHandlerContext().channel();
  }
}
