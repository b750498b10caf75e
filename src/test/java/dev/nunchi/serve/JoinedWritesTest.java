package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.DefaultEventLoopGroup;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalServerChannel;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// On an event loop of Netty's, between two ends in one process.
class JoinedWritesTest {
  private final DefaultEventLoopGroup loop = new DefaultEventLoopGroup(1);
  private final Socket socket = new Socket();
  private final BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();
  private final BlockingQueue<Object> received = new LinkedBlockingQueue<>();
  private Channel server = new LocalServerChannel();

  /// Counts what would be calls of the system.
  private static final class Socket extends ChannelOutboundHandlerAdapter {
    private int flushes;

    @Override
    public void flush(ChannelHandlerContext context) {
      flushes++;
      context.flush();
    }
  }

  @BeforeEach
  void connect() throws Exception {
    LocalAddress address = new LocalAddress(JoinedWritesTest.class);
    Channel listening =
        new ServerBootstrap()
            .group(loop)
            .channel(LocalServerChannel.class)
            .childHandler(pipelineOf(null))
            .bind(address)
            .sync()
            .channel();
    new Bootstrap()
        .group(loop)
        .channel(LocalChannel.class)
        .handler(
            pipelineOf(
                new ChannelInboundHandlerAdapter() {
                  @Override
                  public void channelRead(ChannelHandlerContext context, Object message) {
                    received.add(message);
                  }
                }))
        .connect(listening.localAddress())
        .sync();
    server = take(accepted);
  }

  @AfterEach
  void disconnect() {
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @Test
  void pieces_ofOneTurnOfTheEventLoop_goTogetherInTheirOrder() throws Exception {
    int before =
        loop.submit(
                () -> {
                  send("message");
                  send("trailers");
                  return socket.flushes;
                })
            .get();
    assertEquals(0, before);
    assertEquals(List.of("message", "trailers"), List.of(take(received), take(received)));
    assertEquals(1, loop.submit(() -> socket.flushes).get());
  }

  @Test
  void pieces_beforeTheConnectionIsClosed_areSent() throws Exception {
    loop.submit(
            () -> {
              send("last words");
              server.close();
            })
        .get();
    assertEquals("last words", take(received));
  }

  private void send(String piece) {
    server.write(piece);
    server.flush();
  }

  /// @param reader the client's; null for the server's end
  private ChannelHandler pipelineOf(@Nullable ChannelHandler reader) {
    return new ChannelInitializer<Channel>() {
      @Override
      protected void initChannel(Channel channel) {
        if (reader == null) {
          JoinedWrites.join(channel.pipeline());
          channel.pipeline().addFirst(socket);
          accepted.add(channel);
        } else {
          channel.pipeline().addLast(reader);
        }
      }
    };
  }

  private static <T> T take(BlockingQueue<T> queue) throws InterruptedException {
    @Nullable T taken = queue.poll(1, TimeUnit.MINUTES);
    if (taken == null) {
      throw new AssertionError("Nothing came");
    }
    return taken;
  }
}
