package dev.nunchi.serve;

import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;

/// One gRPC call with one answer: sends what comes of a future, cancels the future when the caller
/// goes, and counts the outcome.
///
/// @param method the method's name in [SentimentServiceGrpc]
record UnaryCall<A>(String method, StreamObserver<A> observer, Metrics metrics) {

  /// @param work may throw what its future may fail with
  /// @param message the answer from the future's value
  <V> void answer(Supplier<CompletableFuture<V>> work, Function<V, A> message) {
    CompletableFuture<V> future = started(work);
    if (observer instanceof ServerCallStreamObserver<A> call) {
      call.setOnCancelHandler(() -> future.cancel(false));
    }
    future.whenComplete((value, failure) -> {
      if (failure == null) {
        metrics.request(Protocol.GRPC, method, Status.Code.OK);
        observer.onNext(message.apply(value));
        observer.onCompleted();
      } else {
        refuse(Failure.of(failure));
      }
    });
  }

  void refuse(Failure failure) {
    metrics.request(Protocol.GRPC, method, failure);
    observer.onError(GrpcErrors.exception(failure));
  }

  private static <V> CompletableFuture<V> started(Supplier<CompletableFuture<V>> work) {
    try {
      return work.get();
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }
}
