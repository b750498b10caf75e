package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.netty.channel.Channel;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/// The requests that have no answer yet, over HTTP and gRPC.
///
/// One that does not come whole in the time of [ConnectionLimits#body] is refused: whoever sends
/// half of a request and no more holds what it has sent, and on HTTP/2 a place on the connection.
@Singleton
final class OpenCalls {
  private final Duration time;
  private final Metrics metrics;
  private final Set<Call> open = ConcurrentHashMap.newKeySet();

  /// A request, with the event loop on which it is answered and the time at which it came.
  record Call(RoutingContext context, EventLoop eventLoop, long since) {}

  OpenCalls(ServeConfig config, Metrics metrics) {
    this.time = config.connections().body();
    this.metrics = metrics;
  }

  /// The request whose handler runs on this thread; [#remove] has to be called when it ends.
  Call add(RoutingContext context) {
    Call call = new Call(context, EventLoop.current(), System.nanoTime());
    open.add(call);
    return call;
  }

  void remove(Call call) {
    open.remove(call);
  }

  boolean isEmpty() {
    return open.isEmpty();
  }

  void forEach(Consumer<Call> action) {
    open.forEach(action);
  }

  /// Refuses those that have not come whole in time.
  void refuseOverdue(long now) {
    if (time.isZero()) {
      return;
    }
    for (Call call : open) {
      if (now - call.since() > time.toNanos()) {
        refuseUnlessWhole(
            call,
            context ->
                refuse(
                    context,
                    new NunchiException(
                        Reason.DEADLINE_EXCEEDED,
                        "The request did not come whole within %d s".formatted(time.toSeconds()))));
      }
    }
  }

  /// A request that has come whole is answered. What an answer has begun to is a stream, which ends
  /// by itself, see [OpenStreams] and [LongCalls]; so does one that waits for its first answer.
  ///
  /// @param refusal is given it on its event loop
  void refuseUnlessWhole(Call call, Consumer<RoutingContext> refusal) {
    call.eventLoop()
        .execute(() -> {
          RoutingContext context = call.context();
          if (!context.request().isEnded()
              && !context.response().headWritten()
              && !GrpcEntrance.isStream(context.request())) {
            refusal.accept(context);
          }
        });
  }

  /// Refuses the request that comes over a connection of HTTP/1.1 whose body there is no memory
  /// for.
  ///
  /// @return whether there is one; its answer comes soon, and says that it is the connection's last
  boolean refuseOverfull(Channel channel) {
    for (Call call : open) {
      if (call.context().request().connection() instanceof ConnectionBase connection
          && channel.equals(connection.channel())) {
        refuseUnlessWhole(
            call,
            context ->
                refuse(
                    context,
                    new NunchiException(
                        Reason.OVERLOADED,
                        "The bodies that come now need more memory than the server has for them;"
                            + " try again later")));
        return true;
      }
    }
    return false;
  }

  /// Answers a request that no front end has begun to answer.
  void refuse(RoutingContext context, NunchiException reason) {
    if (!RestBody.refuse(context, reason)) {
      FailureResponse.send(context, Failure.of(reason), metrics);
    }
  }
}
