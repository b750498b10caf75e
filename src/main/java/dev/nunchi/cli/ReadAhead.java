package dev.nunchi.cli;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/// Texts as they come: a thread of its own reads them, so that those that are there can be answered
/// while the next ones are awaited. For one caller.
final class ReadAhead implements AutoCloseable {
  private sealed interface Item {
    record Text(InputText text) implements Item {}

    /// @param failure what reading threw; null at the end of the input
    record End(@Nullable Throwable failure) implements Item {}
  }

  private final BlockingQueue<Item> queue;
  private final int most;
  private final Thread reader;
  private Item.@Nullable End end;

  /// @param texts read by the other thread alone from now on
  /// @param most texts that are held, and given at a time
  ReadAhead(Iterator<InputText> texts, int most) {
    this.queue = new LinkedBlockingQueue<>(most);
    this.most = most;
    this.reader = Thread.ofPlatform().daemon().name("nunchi-input").start(() -> read(texts));
  }

  /// Waits for a text and gives it with those that have come behind it; none at the end.
  ///
  /// @throws RuntimeException what reading threw, when all texts before it were given
  List<InputText> next() {
    List<InputText> texts = new ArrayList<>();
    try {
      Item item = end == null ? queue.take() : end;
      while (item instanceof Item.Text(InputText text)) {
        texts.add(text);
        item = texts.size() == most ? null : queue.poll();
      }
      if (item instanceof Item.End last) {
        end = last;
        if (texts.isEmpty()) {
          throwFailure(last.failure());
        }
      }
      return texts;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while texts were read", e);
    }
  }

  private static void throwFailure(@Nullable Throwable failure) {
    switch (failure) {
      case null -> {}
      case RuntimeException exception -> throw exception;
      case Error error -> throw error;
      default -> throw new IllegalStateException(failure);
    }
  }

  private void read(Iterator<InputText> texts) {
    try {
      Throwable failure = null;
      try {
        while (texts.hasNext()) {
          queue.put(new Item.Text(texts.next()));
        }
      } catch (RuntimeException | Error e) {
        failure = e;
      }
      queue.put(new Item.End(failure));
    } catch (InterruptedException e) {
      // Nobody asks for more.
      Thread.currentThread().interrupt();
    }
  }

  /// Ends the reading, but not a wait for what may never come.
  @Override
  public void close() {
    reader.interrupt();
  }
}
