package dev.nunchi.serve;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ServerChannel;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.util.concurrent.EventExecutor;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.vertx.http.HttpServer;
import io.quarkus.vertx.http.HttpServerStart;
import io.quarkus.vertx.http.HttpsServerStart;
import io.vertx.core.Vertx;
import io.vertx.core.impl.VertxInternal;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.net.InetSocketAddress;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.StreamSupport;
import org.jboss.logging.Logger;

/// Lets connections in: as many as [OpenConnections] takes, each behind its [Inlet].
///
/// Vert.x tells of a connection when it has sent its first request, which is too late for one that
/// sends none. So this looks for the channel on which the server listens, among those of the event
/// loops that accept connections, and sees each connection there before Vert.x does.
@Singleton
final class Doors {
  private static final Logger LOG = Logger.getLogger(Doors.class);

  private final Vertx vertx;
  private final ConnectionLimits limits;
  private final OpenCalls calls;
  private final OpenStreams streams;
  private final Metrics metrics;
  private final MemoryShares bodies;
  private final List<OpenConnections> ports = new CopyOnWriteArrayList<>();
  private final Set<Integer> served = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("nunchi-doors").factory());

  @Inject
  Doors(Vertx vertx, ServeConfig config, OpenCalls calls, OpenStreams streams, Metrics metrics) {
    this(vertx, config, calls, streams, metrics, MemoryShares.ofHeap());
  }

  /// @param bodies what requests may hold
  Doors(
      Vertx vertx,
      ServeConfig config,
      OpenCalls calls,
      OpenStreams streams,
      Metrics metrics,
      MemoryShares bodies) {
    this.bodies = bodies;
    this.vertx = vertx;
    this.limits = Descriptors.bounded(config.connections());
    this.calls = calls;
    this.streams = streams;
    this.metrics = metrics;
    metrics.observe(this);
    Future<?> _ = clock.scheduleWithFixedDelay(this::look, 1, 1, TimeUnit.SECONDS);
  }

  void listening(@ObservesAsync HttpServerStart event, HttpServer server) {
    serve(server.getPort(), limits);
  }

  void listeningWithTls(@ObservesAsync HttpsServerStart event, HttpServer server) {
    serve(server.getSecurePort(), limits);
  }

  /// As [#guard], until [#close].
  void serve(int port, ConnectionLimits bounds) {
    served.add(port);
    guard(port, bounds);
  }

  /// Listens no more where calls are answered; connections that are open stay. Whoever looks for a
  /// server then finds none here, and goes on to the next.
  @SuppressWarnings("FutureReturnValueIgnored") // Nothing waits for it.
  void close() {
    served.forEach(port -> onListeners(port, Channel::close));
  }

  /// Before everything else closes.
  void stop(@Observes @Priority(1) ShutdownEvent event) {
    clock.shutdownNow();
  }

  /// Has connections to that port guarded, from now on.
  void guard(int port, ConnectionLimits bounds) {
    OpenConnections connections = new OpenConnections(bounds, metrics::closed);
    ports.add(connections);
    onListeners(port, channel -> channel.pipeline().addFirst(new Door(connections, bodies, calls)));
  }

  /// How many are open, on all ports.
  int count() {
    return ports.stream().mapToInt(OpenConnections::count).sum();
  }

  /// What bodies and messages of all connections hold.
  long heldBytes() {
    return bodies.held();
  }

  private void onListeners(int port, Consumer<Channel> action) {
    for (EventExecutor executor : ((VertxInternal) vertx).getAcceptorEventLoopGroup()) {
      if (executor instanceof SingleThreadEventLoop loop) {
        loop.execute(() -> onListeners(loop, port, action));
      }
    }
  }

  private static void onListeners(SingleThreadEventLoop loop, int port, Consumer<Channel> action) {
    for (Iterator<Channel> all = loop.registeredChannelsIterator(); all.hasNext(); ) {
      Channel channel = all.next();
      if (channel instanceof ServerChannel
          && channel.localAddress() instanceof InetSocketAddress address
          && address.getPort() == port) {
        action.accept(channel);
      }
    }
  }

  /// First for what nothing else may keep it from.
  private void look() {
    safely(this::endIfDead);
    safely(() -> {
      long now = System.nanoTime();
      ports.forEach(connections -> connections.closeOverdue(now));
      calls.refuseOverdue(now);
      streams.closeIdle(now);
    });
  }

  // The clock would never call again.
  @SuppressWarnings("CatchThrowable")
  private static void safely(Runnable action) {
    try {
      action.run();
    } catch (Throwable e) {
      LOG.error("Connections could not be looked at", e);
    }
  }

  /// An event loop that has ended, as by an `OutOfMemoryError`, takes a part of all connections
  /// with it, and nothing brings it back but another process.
  private void endIfDead() {
    VertxInternal internal = (VertxInternal) vertx;
    boolean dead =
        List.of(internal.getEventLoopGroup(), internal.getAcceptorEventLoopGroup()).stream()
            .flatMap(group -> StreamSupport.stream(group.spliterator(), false))
            .anyMatch(EventExecutor::isShuttingDown);
    if (dead && !internal.closeFuture().isClosed() && !clock.isShutdown()) {
      LOG.fatal("The server ends, as a thread that reads connections has died; start it again");
      Runtime.getRuntime().halt(1);
    }
  }

  /// Sees each connection before it is one of the server.
  private static final class Door extends ChannelInboundHandlerAdapter {
    private final OpenConnections connections;
    private final MemoryShares bodies;
    private final OpenCalls calls;

    Door(OpenConnections connections, MemoryShares bodies, OpenCalls calls) {
      this.connections = connections;
      this.bodies = bodies;
      this.calls = calls;
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // Nothing is left to do then.
    public void channelRead(ChannelHandlerContext context, Object accepted) {
      if (accepted instanceof Channel channel) {
        OpenConnection connection = new OpenConnection(channel, new HeldBodies(bodies));
        if (!connections.add(connection)) {
          channel.unsafe().closeForcibly();
          return;
        }
        channel.closeFuture().addListener(_ -> connections.remove(connection));
        Inlet.guard(connection, calls::refuseOverfull);
      }
      context.fireChannelRead(accepted);
    }
  }
}
