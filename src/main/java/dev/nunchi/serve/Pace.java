package dev.nunchi.serve;

import dev.nunchi.infer.Handover;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// Hands on what comes over HTTP/2 a little at a time, so that a connection that sends much keeps
/// those it shares an event loop with waiting for no longer than a few of its calls take.
///
/// What is read from a socket at once holds some thousand of the shortest calls, and a few bytes of
/// packed headers are some KiB when they are unpacked. So no more than [#MOST_CALLS] are begun, and
/// no more than [#MOST_BYTES] handed on, before the others had their turn; nothing further is read
/// in the meantime. A burst takes its turns as they come. A connection that is still behind after
/// [#BURST] of them has one each millisecond, as an event loop looks after its sockets only after
/// some dozen turns. The texts of what is handed on at once are [handed in together][Handover].
///
/// Runs on the connection's event loop.
final class Pace extends ChannelInboundHandlerAdapter {
  static final int MOST_CALLS = 16;
  static final int MOST_BYTES = 65_536;
  static final int BURST = 8;

  /// What is decoded at once where calls begin: a few of the shortest.
  private static final int STEP = 256;

  private final BiConsumer<Channel, Boolean> behind;
  private final Http2Connection.Endpoint<?> caller;
  private @Nullable ByteBuf waiting;
  private boolean passing;
  private boolean due;
  private int turns;

  /// When the first of what waits was read.
  private long readAt;

  /// @param behind hears whether something waits here of a connection
  Pace(BiConsumer<Channel, Boolean> behind, Http2Connection connection) {
    this.behind = behind;
    this.caller = connection.remote();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (!(message instanceof ByteBuf received)) {
      context.fireChannelRead(message);
      return;
    }
    if (waiting == null) {
      readAt = ReadTurn.nanos();
    }
    waiting =
        waiting == null
            ? received
            : context.alloc().compositeBuffer().addComponents(true, waiting, received);
    if (!due) {
      Handover.together(() -> pass(context));
    }
  }

  private void pass(ChannelHandlerContext context) {
    @Nullable ByteBuf from = waiting;
    if (from == null || passing) {
      return;
    }
    int step = STEP;
    int begun = 0;
    int bytes = 0;
    passing = true;
    // What is decoded may close the connection, which lets go of the rest.
    while (waiting != null && from.isReadable() && begun < MOST_CALLS && bytes < MOST_BYTES) {
      int last = caller.lastStreamCreated();
      int next = Math.min(from.readableBytes(), step);
      context.fireChannelRead(from.readRetainedSlice(next));
      bytes += next;
      int calls = (caller.lastStreamCreated() - last) / 2;
      begun += calls;
      step = calls == 0 ? Math.min(2 * step, MOST_BYTES) : STEP;
    }
    passing = false;
    if (waiting == null) {
      return;
    }
    if (from.isReadable()) {
      due = true;
      turns++;
      behind.accept(context.channel(), true);
      if (turns < BURST) {
        context.executor().execute(() -> goOn(context));
      } else {
        Future<?> _ = context.executor().schedule(() -> goOn(context), 1, TimeUnit.MILLISECONDS);
      }
    } else {
      letGo();
      turns = 0;
      behind.accept(context.channel(), false);
    }
  }

  private void goOn(ChannelHandlerContext context) {
    due = false;
    if (waiting != null) {
      ReadTurn.handle(readAt, () -> Handover.together(() -> pass(context)));
      context.fireChannelReadComplete();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    letGo();
    context.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    letGo();
  }

  private void letGo() {
    ReferenceCountUtil.release(waiting);
    waiting = null;
  }
}
