package dev.nunchi.serve;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.nio.NioEventLoop;
import io.netty.channel.nio.NioTask;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.Vertx;
import io.vertx.core.impl.VertxInternal;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;

/// A process with a server's [Doors], one of whose event loops is ended by an `OutOfMemoryError`;
/// it waits then, for longer than a test does.
final class DyingEventLoop {
  private DyingEventLoop() {}

  /// @param arguments `dies`, or nothing for an event loop that lives
  public static void main(String[] arguments) throws Exception {
    Vertx vertx = Vertx.vertx();
    ServeConfig config = ServeConfig.from(new SmallRyeConfigBuilder().build());
    Metrics metrics = new Metrics(new SimpleMeterRegistry());
    new Doors(vertx, config, new OpenCalls(config, metrics), new OpenStreams(config), metrics);
    Pipe pipe = Pipe.open();
    pipe.source().configureBlocking(false);
    NioEventLoop loop = (NioEventLoop) ((VertxInternal) vertx).getEventLoopGroup().next();
    loop.register(
        pipe.source(),
        SelectionKey.OP_READ,
        new NioTask<SelectableChannel>() {
          @Override
          public void channelReady(SelectableChannel channel, SelectionKey key) throws Exception {
            if (arguments.length > 0) {
              throw new OutOfMemoryError("test");
            }
            pipe.source().read(ByteBuffer.allocate(1));
          }

          @Override
          public void channelUnregistered(SelectableChannel channel, Throwable cause) {}
        });
    pipe.sink().write(ByteBuffer.wrap(new byte[1]));
    Thread.sleep(arguments.length > 0 ? 60_000 : 3_000);
    System.exit(0);
  }
}
