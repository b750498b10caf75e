package dev.nunchi.infer;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Futures that pass a cancellation on to what they wait for, which [CompletableFuture#thenApply]
/// does not.
public final class Futures {
  private Futures() {}

  /// The value of a future, when it is there; throws what it failed with, and not what
  /// [CompletableFuture#join] puts around that.
  public static <T> T join(CompletableFuture<T> source) {
    try {
      return source.join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        case null, default -> throw e;
      }
    }
  }

  /// The values of all, in order. Fails as soon as one fails, and cancels the others then;
  /// cancelling it cancels all.
  public static <T> CompletableFuture<List<T>> all(List<CompletableFuture<T>> sources) {
    CompletableFuture<List<T>> all = new CompletableFuture<>();
    if (sources.isEmpty()) {
      all.complete(List.of());
    }
    AtomicInteger missing = new AtomicInteger(sources.size());
    for (CompletableFuture<T> source : sources) {
      whenDone(
          source,
          (_, failure) -> {
            if (failure != null) {
              all.completeExceptionally(failure);
            } else if (missing.decrementAndGet() == 0) {
              all.complete(sources.stream().map(CompletableFuture::join).toList());
            }
          });
    }
    whenDone(
        all,
        (_, failure) -> {
          if (failure != null) {
            sources.forEach(source -> source.cancel(false));
          }
        });
    return all;
  }

  /// The result of `function`, applied by the thread that completes `source`; cancelling it cancels
  /// `source`. Fails with what `source` or `function` throws, an [Error] too, unwrapped.
  // Whatever is thrown fails the future: who waits for it would else wait for ever.
  @SuppressWarnings("CatchThrowable")
  public static <S, T> CompletableFuture<T> map(
      CompletableFuture<S> source, Function<? super S, ? extends T> function) {
    CompletableFuture<T> mapped = new CompletableFuture<>();
    whenDone(
        source,
        (value, failure) -> {
          if (failure != null) {
            mapped.completeExceptionally(failure);
            return;
          }
          try {
            mapped.complete(function.apply(value));
          } catch (Throwable e) {
            mapped.completeExceptionally(e);
          }
        });
    cancelWith(mapped, source);
    return mapped;
  }

  /// The same result, or another failure in place of its own; cancelling it cancels `source`.
  ///
  /// @param failure gives it, and throws nothing
  public static <T> CompletableFuture<T> explain(
      CompletableFuture<T> source, UnaryOperator<Throwable> failure) {
    CompletableFuture<T> explained = new CompletableFuture<>();
    whenDone(
        source,
        (value, thrown) -> {
          if (thrown == null) {
            explained.complete(value);
          } else {
            explained.completeExceptionally(failure.apply(thrown));
          }
        });
    cancelWith(explained, source);
    return explained;
  }

  /// The result of the future that `function` gives, which is called by the thread that completes
  /// `source`; cancelling it cancels whichever of the two is waited for. Fails as [#map] does.
  // Whatever is thrown fails the future: who waits for it would else wait for ever.
  @SuppressWarnings("CatchThrowable")
  public static <S, T> CompletableFuture<T> compose(
      CompletableFuture<S> source, Function<? super S, CompletableFuture<T>> function) {
    CompletableFuture<T> composed = new CompletableFuture<>();
    whenDone(
        source,
        (value, failure) -> {
          if (failure != null) {
            composed.completeExceptionally(failure);
            return;
          }
          try {
            CompletableFuture<T> next = function.apply(value);
            whenDone(
                next,
                (result, thrown) -> {
                  if (thrown == null) {
                    composed.complete(result);
                  } else {
                    composed.completeExceptionally(thrown);
                  }
                });
            cancelWith(composed, next);
          } catch (Throwable e) {
            composed.completeExceptionally(e);
          }
        });
    cancelWith(composed, source);
    return composed;
  }

  private static void cancelWith(CompletableFuture<?> future, CompletableFuture<?> source) {
    whenDone(
        future,
        (_, _) -> {
          if (future.isCancelled()) {
            source.cancel(false);
          }
        });
  }

  /// Has something done when a future has ended, by the thread that ends it; at once where it has.
  ///
  /// In place of [CompletableFuture#whenComplete], whose own future fails too: with an exception
  /// that is made for it, stack trace and all, which takes longer than the rest of a refusal.
  ///
  /// @param action is given a value or a failure
  public static <T> void whenDone(
      CompletableFuture<T> source,
      BiConsumer<? super @Nullable T, ? super @Nullable Throwable> action) {
    CompletableFuture<Boolean> _ =
        source.handle((value, failure) -> {
          action.accept(value, failure);
          return true;
        });
  }
}
