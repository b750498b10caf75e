package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.Deadline;
import dev.nunchi.infer.Futures;
import io.grpc.Status;
import io.vertx.core.Vertx;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
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
  private static final String COUNTED = RestCall.class.getName();

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
    Deadline deadline = Deadline.after(timeout, Arrival.nanos());
    CompletableFuture<V> begun =
        Futures.compose(
            body.read(context),
            received ->
                large.run(received.cost(), () -> work.apply(received.unpacked(), deadline)));
    CompletableFuture<A> answer = Futures.map(begun, message);
    endAfter(timeout, deadline, answer, begun);
    count(answer);
    return answer;
  }

  /// Counts what [RestErrors] does not: an answer when it begins to be written, as it may fail
  /// until then, and a caller who went before.
  private void count(CompletableFuture<?> answer) {
    context.addHeadersEndHandler(_ -> {
      if (answer.isDone() && !answer.isCompletedExceptionally() && isFirstCount(context)) {
        metrics.request(Protocol.REST, method, Status.Code.OK);
      }
    });
    context.addEndHandler(end -> {
      boolean gone = answer.isCancelled() || (end.failed() && !answer.isCompletedExceptionally());
      if (gone && isFirstCount(context)) {
        metrics.request(Protocol.REST, method, Failure.of(new CancellationException()));
      }
    });
  }

  /// Whether what came of a request has not been counted yet; from now on it has.
  static boolean isFirstCount(RoutingContext context) {
    return context.data().putIfAbsent(COUNTED, true) == null;
  }

  private void endAfter(
      Duration timeout,
      Deadline deadline,
      CompletableFuture<?> answer,
      CompletableFuture<?> begun) {
    Vertx vertx = context.vertx();
    long left = TimeUnit.NANOSECONDS.toMillis(deadline.nanosLeft(System.nanoTime()));
    long timer =
        vertx.setTimer(
            Math.max(1, left),
            _ -> {
              RestBody.giveUp(context);
              answer.completeExceptionally(
                  new NunchiException(
                      Reason.DEADLINE_EXCEEDED,
                      "There was no answer within %d ms".formatted(timeout.toMillis())));
              begun.cancel(false);
            });
    Futures.whenDone(answer, (_, _) -> vertx.cancelTimer(timer));
  }
}
