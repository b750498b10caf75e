package dev.nunchi.infer;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/// Futures that pass a cancellation on to what they wait for, which [CompletableFuture#thenApply]
/// does not.
public final class Futures {
  private Futures() {}

  /// The result of `function`, applied by the thread that completes `source`; cancelling it cancels
  /// `source`. Fails with what `source` or `function` throws, unwrapped.
  public static <S, T> CompletableFuture<T> map(
      CompletableFuture<S> source, Function<? super S, ? extends T> function) {
    CompletableFuture<T> mapped = new CompletableFuture<>();
    CompletableFuture<?> unused =
        source.whenComplete((value, failure) -> {
          if (failure != null) {
            mapped.completeExceptionally(failure);
            return;
          }
          try {
            mapped.complete(function.apply(value));
          } catch (RuntimeException e) {
            mapped.completeExceptionally(e);
          }
        });
    unused =
        mapped.whenComplete((_, _) -> {
          if (mapped.isCancelled()) {
            source.cancel(false);
          }
        });
    return mapped;
  }
}
