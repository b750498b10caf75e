package dev.nunchi.serve;

import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;

/// Completes a future with the first answer or the error of a call.
record FirstAnswer<T>(CompletableFuture<T> future) implements StreamObserver<T> {
  @Override
  public void onNext(T value) {
    future.complete(value);
  }

  @Override
  public void onError(Throwable failure) {
    future.completeExceptionally(failure);
  }

  @Override
  public void onCompleted() {}
}
