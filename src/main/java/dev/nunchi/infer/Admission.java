package dev.nunchi.infer;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/// What was handed in by a caller who waits for a place in the queue.
///
/// @param admitted completed, never failed, when it has its places; also when it will never need
///   them, since the answer is there or was cancelled
/// @param answer what came of it; cancelling it gives the places back
public record Admission<T>(CompletableFuture<Void> admitted, CompletableFuture<T> answer) {
  /// What never was to wait, since it failed.
  public static <T> Admission<T> failed(Throwable failure) {
    return new Admission<>(
        CompletableFuture.completedFuture(null), CompletableFuture.failedFuture(failure));
  }

  /// With [Futures#map] of the answer.
  public <R> Admission<R> map(Function<? super T, ? extends R> function) {
    return new Admission<>(admitted, Futures.map(answer, function));
  }
}
