package dev.nunchi.serve;

import dev.nunchi.infer.Futures;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// One gRPC call with one answer: sends what comes of a future, cancels the future when the caller
/// goes, and counts the outcome.
///
/// The answer is sent by the call's [EventLoop].
///
/// @param method the method's name in [SentimentServiceGrpc]
record UnaryCall<A>(String method, StreamObserver<A> observer, Metrics metrics) {

  private static final Logger LOG = Logger.getLogger(UnaryCall.class);

  /// @param work may throw what its future may fail with
  /// @param message the answer from the future's value
  /// @return to be cancelled when the caller's connection breaks, of which gRPC does not hear
  <V> CompletableFuture<A> answer(Supplier<CompletableFuture<V>> work, Function<V, A> message) {
    CompletableFuture<A> future = Futures.map(started(work), message);
    if (observer instanceof ServerCallStreamObserver<A> call) {
      call.setOnCancelHandler(() -> future.cancel(false));
    }
    EventLoop eventLoop = EventLoop.current();
    Futures.whenDone(future, (answer, failure) -> eventLoop.execute(() -> send(answer, failure)));
    return future;
  }

  @SuppressWarnings("CatchThrowable")
  private void send(@Nullable A answer, @Nullable Throwable failure) {
    try {
      if (isGone() || failure instanceof CancellationException) {
        // It may have gone when the answer was there already, and the cancelling came too late.
        Throwable reason = failure == null ? new CancellationException() : failure;
        metrics.request(Protocol.GRPC, method, Failure.of(reason));
      } else if (answer == null) {
        refuse(Failure.of(Objects.requireNonNull(failure)));
      } else {
        metrics.request(Protocol.GRPC, method, Status.Code.OK);
        observer.onNext(answer);
        observer.onCompleted();
      }
    } catch (Throwable e) {
      // A future would keep it to itself, and the caller would wait for nothing.
      LOG.error("An answer could not be sent", e);
      fail(e);
    }
  }

  /// Ends a call whose answer could not be sent, unless it has ended.
  @SuppressWarnings("CatchThrowable")
  private void fail(Throwable thrown) {
    try {
      observer.onError(GrpcErrors.exception(Failure.of(thrown)));
    } catch (Throwable e) {
      LOG.debug("A call could not be ended", e);
    }
  }

  private boolean isGone() {
    return observer instanceof ServerCallStreamObserver<A> call && call.isCancelled();
  }

  void refuse(Failure failure) {
    metrics.request(Protocol.GRPC, method, failure);
    observer.onError(GrpcErrors.exception(failure));
  }

  @SuppressWarnings("CatchThrowable")
  private static <V> CompletableFuture<V> started(Supplier<CompletableFuture<V>> work) {
    try {
      return work.get();
    } catch (Throwable e) {
      return CompletableFuture.failedFuture(e);
    }
  }
}
