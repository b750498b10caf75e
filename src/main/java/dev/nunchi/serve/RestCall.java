package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.Deadline;
import dev.nunchi.infer.Futures;
import io.grpc.Status;
import io.vertx.core.Vertx;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Function;

/// One call of REST that has a body: reads it, and lets go of what was begun for it when the caller
/// goes or its time is over.
///
/// The framework cancels the future that an endpoint returned when the connection, or the stream of
/// HTTP/2, is closed.
///
/// @param method the gRPC method that it stands for
record RestCall(String method, RoutingContext context, LargeRequests large, Metrics metrics) {
  /// @param timeout how long the caller waits, see [RestDeadline]
  /// @param work begins when the body is there, see [LargeRequests]; may throw what its future may
  ///   fail with
  /// @param message the answer from the future's value
  /// @return fails with a [NunchiException], `DEADLINE_EXCEEDED` when the time is over
  <V, A> CompletableFuture<A> answer(
      RestBody body,
      Duration timeout,
      BiFunction<byte[], Deadline, CompletableFuture<V>> work,
      Function<V, A> message) {
    Deadline deadline = Deadline.after(timeout, System.nanoTime());
    CompletableFuture<V> begun =
        Futures.compose(
            body.read(context),
            received ->
                large.run(received.cost(), () -> work.apply(received.unpacked(), deadline)));
    CompletableFuture<A> answer = Futures.map(begun, message);
    endAfter(timeout, answer, begun);
    CompletableFuture<A> _ =
        answer.whenComplete((_, failure) -> {
          if (failure == null) {
            metrics.request(Protocol.REST, method, Status.Code.OK);
          } else if (answer.isCancelled()) {
            metrics.request(Protocol.REST, method, Failure.of(failure));
          }
        });
    return answer;
  }

  private void endAfter(Duration timeout, CompletableFuture<?> answer, CompletableFuture<?> begun) {
    Vertx vertx = context.vertx();
    long timer =
        vertx.setTimer(
            Math.max(1, timeout.toMillis()),
            _ -> {
              RestBody.giveUp(context);
              answer.completeExceptionally(
                  new NunchiException(
                      Reason.DEADLINE_EXCEEDED,
                      "There was no answer within %d ms".formatted(timeout.toMillis())));
              begun.cancel(false);
            });
    CompletableFuture<?> _ = answer.whenComplete((_, _) -> vertx.cancelTimer(timer));
  }
}
