package dev.nunchi.serve;

import dev.nunchi.serve.OpenConnection.Phase;
import io.netty.buffer.ByteBuf;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.net.impl.VertxHandler;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Reads no more of a connection than is answered and read.
///
/// Vert.x reads whatever comes, keeps every request of HTTP/1.1 that is sent before the one before
/// it is answered, and writes answers whether or not the caller reads them: all of it in memory,
/// before a token is asked for. Here three handlers stand in the pipeline of a connection:
///
/// - [Gate], before everything: nothing is read from the socket while answers wait for it, and then
///   no more at once than [#MOST_READ].
/// - [Bytes], before HTTP/1.1 is decoded: while a request waits for its answer, what comes behind
///   it stays bytes, and nothing further is read. It is decoded a little at a time, so no more than
///   a few requests are made at once.
/// - [Messages], behind the decoder, knows of both where requests end and when they are answered,
///   and keeps those few from Vert.x that were decoded before their turn: of what it has itself
///   behind a request it makes an error when the caller goes, and does not tell the request of it.
///
/// Over HTTP/2 the last two give way to a [Pace].
///
/// All run on the connection's event loop.
final class Inlet {
  private static final String MESSAGES = "nunchi-messages";
  private static final String PACE = "nunchi-pace";

  /// Bytes that are decoded at once where requests begin: a handful of the shortest requests.
  private static final int STEP = 128;

  /// The same within a body that does not say how long it is.
  private static final int STEP_IN_PIECES = 1024;

  private static final int LINGER_SECONDS = 2;

  private static final int LEAST_READ = 64;
  private static final int FIRST_READ = 2048;

  /// What is read of a connection before the others on its event loop have their turn: Netty's
  /// sixteen reads of it make a MiB, and of some dozen connections that send as fast as they can a
  /// long wait for everybody else.
  private static final int MOST_READ = 65_536;

  private final OpenConnection connection;
  private final Predicate<Channel> refusal;
  private final Bytes bytes = new Bytes();

  private boolean unread;
  private boolean behind;

  /// Whether requests were decoded that are not to be answered yet.
  private boolean ahead;

  /// Whether somebody wanted to read while nothing is read.
  private boolean wanted;

  /// Of HTTP/1.1: requests that came, and those of them that have no answer yet.
  private long requests;

  private int unanswered;

  /// Whether an answer says that it is the last, and whether it has been given.
  private boolean last;

  private boolean ended;

  /// Of the body that comes: bytes of it, or -1 where that is not known.
  private long bodyLeft;

  /// What its requests that are not answered hold.
  private int held;

  /// Whether there was no memory for the body that comes.
  private boolean refused;

  private Inlet(OpenConnection connection, Predicate<Channel> refusal) {
    this.connection = connection;
    this.refusal = refusal;
  }

  /// Stands guard on a connection that has just been accepted.
  ///
  /// @param refusal is asked to answer the request whose body there is no memory for, and returns
  ///   whether it will
  static void guard(OpenConnection connection, Predicate<Channel> refusal) {
    connection
        .channel()
        .config()
        .setRecvByteBufAllocator(
            new AdaptiveRecvByteBufAllocator(LEAST_READ, FIRST_READ, MOST_READ)
                .maxMessagesPerRead(1));
    connection.channel().pipeline().addFirst(new Inlet(connection, refusal).new Gate());
  }

  /// Whether something that was read still waits to be decoded: nothing further is read then.
  void isBehind(Channel channel, boolean so) {
    if (behind != so) {
      behind = so;
      readOn(channel);
    }
  }

  private void becomesHttp2(ChannelPipeline pipeline, Http2ConnectionHandler http2) {
    SureLifecycle.stand(http2);
    connection.becomesHttp2(http2.connection());
    pipeline.addBefore(
        pipeline.context(http2).name(), PACE, new Pace(this::isBehind, http2.connection()));
  }

  private boolean isShut() {
    return unread || behind;
  }

  private void shut(Channel channel) {
    if (channel.config().isAutoRead()) {
      wanted = true;
      channel.config().setAutoRead(false);
    }
  }

  /// After a change: reads on if somebody wants to, and may.
  private void readOn(Channel channel) {
    if (isShut()) {
      shut(channel);
    } else if (wanted) {
      wanted = false;
      channel.config().setAutoRead(true);
    }
  }

  private final class Gate extends ChannelDuplexHandler {
    /// Now Vert.x has added its own, but for those that know the version of HTTP.
    @Override
    public void channelActive(ChannelHandlerContext context) {
      context.pipeline().addLast(bytes);
      context.fireChannelActive();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      connection.received();
      ReadTurn.read(context.executor());
      LoopLag.read(context.executor());
      context.fireChannelRead(message);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
      unread = !context.channel().isWritable();
      readOn(context.channel());
      context.fireChannelWritabilityChanged();
      if (!unread) {
        bytes.passOnSoon();
      }
    }

    @Override
    public void read(ChannelHandlerContext context) {
      if (isShut()) {
        shut(context.channel());
      } else {
        context.read();
      }
    }

    /// Until the first request has come nobody else hears that the caller went.
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
      ChannelPipeline pipeline = context.pipeline();
      if (failure instanceof IOException
          && pipeline.get(VertxHandler.class) == null
          && pipeline.get(Http2ConnectionHandler.class) == null) {
        ChannelFuture _ = context.close();
      } else {
        context.fireExceptionCaught(failure);
      }
    }

    /// An upgrade of HTTP/1.1 to HTTP/2 takes out all that is not of HTTP/2.
    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
      if (context.channel().isOpen()) {
        context.pipeline().addFirst(new Gate());
        @Nullable Http2ConnectionHandler http2 =
            context.pipeline().get(Http2ConnectionHandler.class);
        if (http2 != null) {
          becomesHttp2(context.pipeline(), http2);
        }
      }
    }
  }

  private final class Bytes extends ChannelInboundHandlerAdapter {
    private @Nullable ChannelHandlerContext context;
    private @Nullable ByteBuf waiting;
    private boolean passing;
    private boolean due;

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
      context = added;
    }

    @Override
    public void channelRead(ChannelHandlerContext reading, Object message) {
      if (!(message instanceof ByteBuf received)) {
        reading.fireChannelRead(message);
        return;
      }
      if (ended) {
        received.release();
        return;
      }
      ChannelPipeline pipeline = reading.pipeline();
      if (pipeline.get(HttpRequestDecoder.class) == null) {
        @Nullable Http2ConnectionHandler http2 = pipeline.get(Http2ConnectionHandler.class);
        if (http2 != null) {
          becomesHttp2(pipeline, http2);
          pipeline.remove(this);
        }
        reading.fireChannelRead(received);
        return;
      }
      if (pipeline.get(MESSAGES) == null) {
        pipeline.addAfter(
            pipeline.context(HttpResponseEncoder.class).name(), MESSAGES, new Messages());
      }
      waiting =
          waiting == null
              ? received
              : reading.alloc().compositeBuffer().addComponents(true, waiting, received);
      pass();
    }

    /// Others have their turn first, however fast this one is answered.
    private void passOnSoon() {
      if (waiting != null && context != null && !due) {
        due = true;
        Future<?> _ = context.executor().schedule(this::passOn, 1, TimeUnit.MILLISECONDS);
      }
    }

    /// Hands on what was held back. Vert.x sends nothing before it has read all.
    private void passOn() {
      due = false;
      if (pass() && context != null) {
        context.fireChannelReadComplete();
      }
    }

    /// Hands on what may be decoded now.
    ///
    /// @return whether there was something
    private boolean pass() {
      if (waiting == null || context == null || passing) {
        return false;
      }
      boolean passed = false;
      long before = requests;
      passing = true;
      ByteBuf from = waiting;
      // What an upgrade to HTTP/2 finds here is passed on by itself.
      while (waiting != null
          && from.isReadable()
          && !ahead
          && (bodyLeft != 0 || (unanswered == 0 && !unread))) {
        context.fireChannelRead(
            from.readRetainedSlice((int) Math.min(from.readableBytes(), step())));
        passed = true;
        if (bodyLeft == 0 && requests > before) {
          passOnSoon();
          break;
        }
      }
      passing = false;
      if (waiting != null) {
        if (!from.isReadable()) {
          letGo();
        }
        behind = waiting != null;
        readOn(context.channel());
      }
      return passed;
    }

    private long step() {
      return bodyLeft == 0 ? STEP : bodyLeft < 0 ? STEP_IN_PIECES : bodyLeft;
    }

    @Override
    public void channelInactive(ChannelHandlerContext closing) {
      letGo();
      closing.fireChannelInactive();
    }

    /// Because the connection is one of HTTP/2 from here on, or closed.
    @Override
    public void handlerRemoved(ChannelHandlerContext removed) {
      @Nullable ByteBuf left = waiting;
      if (left == null || !removed.channel().isActive()) {
        letGo();
        return;
      }
      waiting = null;
      // Others are taken out just now: afterwards, and nothing may come before it.
      behind = true;
      readOn(removed.channel());
      removed
          .executor()
          .execute(() -> {
            behind = false;
            removed.pipeline().fireChannelRead(left).fireChannelReadComplete();
            readOn(removed.channel());
          });
    }

    private void letGo() {
      ReferenceCountUtil.release(waiting);
      waiting = null;
      if (behind && context != null) {
        behind = false;
        readOn(context.channel());
      }
    }
  }

  private final class Messages extends ChannelDuplexHandler {
    /// Of the requests behind the one that Vert.x has.
    private final Queue<Object> early = new ArrayDeque<>();

    /// Whether Vert.x has one that it has not answered.
    private boolean answering;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (message instanceof HttpRequest request) {
        requests++;
        unanswered++;
        bodyLeft = length(request);
        connection.isAt(Phase.BODY);
      }
      if (message instanceof HttpContent content) {
        int size = content.content().readableBytes();
        if (refused) {
          content.release();
          return;
        }
        // That of a request that has its answer is thrown away.
        if (unanswered > 0) {
          if (!connection.bodies().take(size)) {
            content.release();
            refuse(context);
            return;
          }
          held += size;
        }
      }
      if (message instanceof HttpContent content && bodyLeft > 0) {
        bodyLeft = Math.max(0, bodyLeft - content.content().readableBytes());
      }
      if (message instanceof LastHttpContent) {
        bodyLeft = 0;
        if (unanswered == 0) {
          letGoOfBodies();
        }
        connection.isAt(unanswered == 0 ? Phase.IDLE : Phase.ANSWER);
      }
      if (!early.isEmpty() || (answering && message instanceof HttpRequest)) {
        ahead = true;
        early.add(message);
        return;
      }
      answering |= message instanceof HttpRequest;
      context.fireChannelRead(message);
      endIfLast(context.channel());
    }

    /// Hands on the next request, if Vert.x has answered the one before.
    private void handOnEarly(ChannelHandlerContext context) {
      boolean handed = false;
      while (!early.isEmpty() && !(answering && early.peek() instanceof HttpRequest)) {
        Object message = early.remove();
        answering |= message instanceof HttpRequest;
        context.fireChannelRead(message);
        handed = true;
      }
      if (handed) {
        context.fireChannelReadComplete();
      }
      if (ahead && early.isEmpty()) {
        ahead = false;
        bytes.passOnSoon();
      }
    }

    /// Vert.x hears of nothing before the first request has come whole: who sends what is none of
    /// HTTP, or goes, would be an error in the log.
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
      if (context.pipeline().get(VertxHandler.class) == null) {
        ChannelFuture _ = context.close();
      } else {
        context.fireExceptionCaught(failure);
      }
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
      if (message instanceof HttpResponse response && !isInterim(response)) {
        last |= response.headers().containsValue("connection", "close", true);
      }
      ChannelFuture _ = context.write(message, promise);
      if (message instanceof LastHttpContent && !isInterim(message) && unanswered > 0) {
        unanswered--;
        answering = false;
        if (last && !early.isEmpty()) {
          // They have no answer.
          letGoOfEarly();
          unanswered = 0;
          bodyLeft = 0;
        } else if (!early.isEmpty()) {
          context.executor().execute(() -> handOnEarly(context));
        }
        if (unanswered == 0 && bodyLeft == 0) {
          letGoOfBodies();
          connection.isAt(Phase.IDLE);
        }
        endIfLast(context.channel());
        bytes.passOnSoon();
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      letGoOfBodies();
      letGoOfEarly();
      context.fireChannelInactive();
    }

    /// As where the connection becomes one of HTTP/2.
    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
      letGoOfBodies();
      letGoOfEarly();
    }

    private void letGoOfEarly() {
      early.forEach(ReferenceCountUtil::release);
      early.clear();
      ahead = false;
    }

    /// What still comes of the body is not decoded.
    private void refuse(ChannelHandlerContext context) {
      if (refusal.test(context.channel())) {
        refused = true;
        bodyLeft = 0;
        connection.isAt(Phase.ANSWER);
      } else {
        ChannelFuture _ = context.close();
      }
    }

    private void letGoOfBodies() {
      connection.bodies().giveBack(held);
      held = 0;
    }

    /// An answer that says that it is the last is: what comes behind it is thrown away, for long
    /// enough that the caller can read it.
    @SuppressWarnings("FutureReturnValueIgnored") // Closing tells nobody.
    private void endIfLast(Channel channel) {
      if (last && !ended && unanswered == 0 && bodyLeft == 0) {
        ended = true;
        bytes.letGo();
        channel.eventLoop().schedule(() -> channel.close(), LINGER_SECONDS, TimeUnit.SECONDS);
      }
    }

    private static long length(HttpRequest request) {
      if (request.decoderResult().isFailure()) {
        return 0;
      }
      return HttpUtil.isTransferEncodingChunked(request)
          ? -1
          : Math.max(0, HttpUtil.getContentLength(request, 0L));
    }

    /// An answer before the answer, as 100 (Continue).
    private static boolean isInterim(Object message) {
      return message instanceof HttpResponse response
          && response.status().codeClass() == HttpStatusClass.INFORMATIONAL
          && response.status().code() != 101;
    }
  }
}
