package dev.nunchi.data;

import dev.nunchi.NunchiException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Lines or records without the blank ones at the end of their file; blank ones elsewhere stay.
///
/// To tell the two apart it reads on from a blank one. Where lines come slowly it does not, and
/// gives the blank ones at the end too.
final class BlankTail<T> {
  private final Supplier<@Nullable T> source;
  private final Predicate<T> isBlank;
  private final boolean live;
  private final Deque<T> ahead = new ArrayDeque<>();
  private @Nullable NunchiException failure;

  /// @param source null at the end
  BlankTail(Supplier<@Nullable T> source, Predicate<T> isBlank, boolean live) {
    this.source = source;
    this.isBlank = isBlank;
    this.live = live;
  }

  /// The next one; null at the end.
  ///
  /// @throws NunchiException what the source threw, in its place
  @Nullable T next() {
    if (ahead.isEmpty() && failure == null) {
      readOn();
    }
    if (ahead.isEmpty() && failure != null) {
      NunchiException thrown = failure;
      failure = null;
      throw thrown;
    }
    return ahead.poll();
  }

  private void readOn() {
    try {
      T next = source.get();
      while (next != null) {
        ahead.add(next);
        if (live || !isBlank.test(next)) {
          return;
        }
        next = source.get();
      }
      ahead.clear();
    } catch (NunchiException e) {
      failure = e;
    }
  }
}
