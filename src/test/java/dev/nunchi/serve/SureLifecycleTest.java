package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.Http2LifecycleManager;
import io.netty.handler.codec.http2.Http2Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SureLifecycleTest {
  private final EmbeddedChannel channel = new EmbeddedChannel(new ChannelInboundHandlerAdapter());
  private final ChannelHandlerContext context = channel.pipeline().firstContext();
  private final Throwing vertx = new Throwing();
  private final SureLifecycle lifecycle = new SureLifecycle(vertx);

  /// As Vert.x does where a stream never became one of its own.
  private static final class Throwing implements Http2LifecycleManager {
    private int told;

    private RuntimeException thrown() {
      told++;
      return new NullPointerException("stream");
    }

    @Override
    public void onError(ChannelHandlerContext context, boolean outbound, Throwable cause) {
      throw thrown();
    }

    @Override
    public ChannelFuture resetStream(
        ChannelHandlerContext context, int stream, long error, ChannelPromise promise) {
      throw thrown();
    }

    @Override
    public void closeStreamLocal(Http2Stream stream, ChannelFuture future) {
      throw thrown();
    }

    @Override
    public void closeStreamRemote(Http2Stream stream, ChannelFuture future) {
      throw thrown();
    }

    @Override
    public void closeStream(Http2Stream stream, ChannelFuture future) {
      throw thrown();
    }

    @Override
    public ChannelFuture goAway(
        ChannelHandlerContext context,
        int lastStream,
        long error,
        ByteBuf debugData,
        ChannelPromise promise) {
      throw thrown();
    }
  }

  @AfterEach
  void close() {
    channel.finishAndReleaseAll();
  }

  @Test
  void onError_vertxThrows_closesTheConnectionAndGoesOn() {
    lifecycle.onError(context, true, new IllegalStateException("test"));
    assertEquals(1, vertx.told);
    assertFalse(channel.isOpen());
  }

  @Test
  void resetStream_vertxThrows_failsThePromiseAndClosesTheConnection() {
    ChannelPromise promise = channel.newPromise();
    assertTrue(lifecycle.resetStream(context, 3, 8, promise).isSuccess());
    assertTrue(promise.cause() instanceof NullPointerException);
    assertFalse(channel.isOpen());
  }
}
