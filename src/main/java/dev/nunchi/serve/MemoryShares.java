package dev.nunchi.serve;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// How many bytes the open calls of all connections hold, of their headers or of their bodies, and
/// how many each connection may: as many as it likes while all together hold little, then an equal
/// share. So who holds much keeps nobody out who holds less.
///
/// Safe for use by several threads; what a connection holds is counted by itself.
final class MemoryShares {
  private final long most;
  private final AtomicLong held = new AtomicLong();
  private final AtomicInteger holders = new AtomicInteger();

  /// @param most bytes that all may hold before each is held to its share
  MemoryShares(long most) {
    this.most = most;
  }

  /// A sixteenth of the heap.
  static MemoryShares ofHeap() {
    return new MemoryShares(Runtime.getRuntime().maxMemory() / 16);
  }

  /// Bytes that are held in all.
  long held() {
    return held.get();
  }

  /// Connections that hold some.
  int holders() {
    return holders.get();
  }

  /// @param bytes over 0
  /// @param own bytes that the connection holds with these
  /// @return whether they were taken
  boolean take(int bytes, long own) {
    if (held.get() + bytes > most && own > most / Math.max(1, holders.get())) {
      return false;
    }
    held.addAndGet(bytes);
    if (own == bytes) {
      holders.incrementAndGet();
    }
    return true;
  }

  /// @param own bytes that the connection still holds
  void giveBack(int bytes, long own) {
    held.addAndGet(-bytes);
    if (own == 0) {
      holders.decrementAndGet();
    }
  }

  /// What a connection will hold; on its event loop alone.
  Holder holder() {
    return new Holder();
  }

  /// One connection.
  final class Holder {
    private long held;

    /// @return whether so many bytes more may be held
    boolean take(int bytes) {
      if (bytes > 0 && !MemoryShares.this.take(bytes, held + bytes)) {
        return false;
      }
      held += bytes;
      return true;
    }

    /// @param bytes that were taken
    void giveBack(int bytes) {
      if (bytes > 0) {
        held -= bytes;
        MemoryShares.this.giveBack(bytes, held);
      }
    }
  }
}
