package dev.nunchi.serve;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2LifecycleManager;
import io.netty.handler.codec.http2.Http2Stream;
import org.jboss.logging.Logger;

/// Has Netty end what it ends of an HTTP/2 connection, whatever Vert.x throws when it hears of it.
///
/// Vert.x tells each open stream that its connection failed, and throws where one never became one
/// of its own, as one whose headers were refused. Netty calls it amid its work: where a stream is
/// closed it would stop before it has let go of all that waits to be written, which is memory that
/// is never given back, and log an error for each.
record SureLifecycle(Http2LifecycleManager vertx) implements Http2LifecycleManager {
  private static final Logger LOG = Logger.getLogger(SureLifecycle.class);

  /// Stands between the codec of a connection and Vert.x.
  static void stand(Http2ConnectionHandler connection) {
    SureLifecycle between = new SureLifecycle(connection);
    connection.encoder().lifecycleManager(between);
    connection.decoder().lifecycleManager(between);
  }

  @Override
  public void onError(ChannelHandlerContext context, boolean outbound, Throwable cause) {
    try {
      vertx.onError(context, outbound, cause);
    } catch (RuntimeException e) {
      LOG.debug("A connection's failure could not be told to its streams", e);
      ChannelFuture _ = context.close();
    }
  }

  @Override
  public ChannelFuture resetStream(
      ChannelHandlerContext context, int stream, long error, ChannelPromise promise) {
    try {
      return vertx.resetStream(context, stream, error, promise);
    } catch (RuntimeException e) {
      LOG.debug("A stream could not be reset", e);
      promise.tryFailure(e);
      return context.close();
    }
  }

  @Override
  public void closeStreamLocal(Http2Stream stream, ChannelFuture future) {
    vertx.closeStreamLocal(stream, future);
  }

  @Override
  public void closeStreamRemote(Http2Stream stream, ChannelFuture future) {
    vertx.closeStreamRemote(stream, future);
  }

  @Override
  public void closeStream(Http2Stream stream, ChannelFuture future) {
    vertx.closeStream(stream, future);
  }

  @Override
  public ChannelFuture goAway(
      ChannelHandlerContext context,
      int lastStream,
      long error,
      ByteBuf debugData,
      ChannelPromise promise) {
    return vertx.goAway(context, lastStream, error, debugData, promise);
  }
}
