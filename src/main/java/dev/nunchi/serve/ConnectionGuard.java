package dev.nunchi.serve;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import org.jboss.logging.Logger;

/// Keeps an HTTP/2 connection where a write to one of its streams fails, because the caller has
/// reset it.
///
/// Vert.x writes the trailers of an answer without anyone who hears of their failure. Such a
/// failure goes to the connection's pipeline, where Vert.x closes the connection, with every other
/// call on it. It takes no more than a caller that resets its stream before it has read the answer,
/// as all do whose deadline passes. So a handler before the others lets failures that concern one
/// stream go no further; Netty has told that stream already.
///
/// It bounds the table of headers that answers are packed with, too: a caller may let the server
/// keep one of 4 GiB, and have it filled.
@Singleton
final class ConnectionGuard {
  private static final Logger LOG = Logger.getLogger(ConnectionGuard.class);
  private static final String HANDLER = "nunchi-connection-guard";

  // Before everything that may answer.
  private static final int PRIORITY = 2000;

  // As every connection begins, RFC 7541.
  private static final int MOST_TABLE_BYTES = 4096;

  void register(@Observes Filters filters) {
    filters.register(ConnectionGuard::guard, PRIORITY);
  }

  private static void guard(RoutingContext context) {
    if (context.request().version() == HttpVersion.HTTP_2
        && context.request().connection() instanceof ConnectionBase connection) {
      ChannelPipeline pipeline = connection.channelHandlerContext().pipeline();
      if (pipeline.get(HANDLER) == null) {
        pipeline.addFirst(HANDLER, new Handler());
        JoinedWrites.join(pipeline);
      }
      boundTable(pipeline);
    }
    context.next();
  }

  /// Before each answer, as a caller may have said another size since the last.
  private static void boundTable(ChannelPipeline pipeline) {
    Http2HeadersEncoder.Configuration headers =
        pipeline.get(Http2ConnectionHandler.class).encoder().configuration().headersConfiguration();
    try {
      if (headers.maxHeaderTableSize() > MOST_TABLE_BYTES) {
        headers.maxHeaderTableSize(MOST_TABLE_BYTES);
      }
    } catch (Http2Exception e) {
      throw new IllegalStateException("A size is one that was said before", e);
    }
  }

  private static final class Handler extends ChannelInboundHandlerAdapter {
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
      if (concernsOneStream(failure)) {
        LOG.debug("An answer was not sent: its stream is gone", failure);
      } else {
        context.fireExceptionCaught(failure);
      }
    }

    /// A write that waited for the caller's window when the reset came, or that came after it.
    private static boolean concernsOneStream(Throwable failure) {
      return failure instanceof Http2Exception.StreamException
          || (failure instanceof IllegalStateException
              && failure.getCause() instanceof Http2Exception);
    }
  }
}
