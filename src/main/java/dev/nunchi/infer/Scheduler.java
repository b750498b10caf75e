package dev.nunchi.infer;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The queue before a backend, and the threads that work it off.
///
/// Guarantees: [#submit] never waits. What it accepts is answered exactly once, also when [#close]
/// comes in between: with a run, with `DEADLINE_EXCEEDED`, or with what the backend threw. What it
/// does not accept is refused at once. At most `capacity` encodings wait.
///
/// Design: workers are platform threads, one for each core or GPU, and each call of the backend
/// uses one core: on a CPU that answers more texts than one call on all cores. A worker takes what
/// waited longest and runs it alone, since batches of texts in the order of their arrival are
/// mostly padding and lose on a CPU. Batches of near-equal length belong into [#take], the one
/// place that chooses; everything behind it already works on lists. A future is completed by the
/// worker: its dependents run there, so they must be short and never block.
final class Scheduler implements AutoCloseable {
  private final Backend backend;
  private final int padTokenId;
  private final int capacity;
  private final LongSupplier nanoClock;
  private final List<Thread> workers = new ArrayList<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Queue<Ticket> waiting = new ArrayDeque<>();
  private boolean closed;

  /// An encoding that was accepted.
  private record Ticket(
      Encoding encoding, Deadline deadline, long acceptedAt, CompletableFuture<Run> run) {}

  /// @param name what the workers' names begin with
  /// @param workerCount how many calls of the backend run at a time
  /// @param capacity how many encodings may wait, besides those that run
  /// @param nanoClock what [Deadline] counts on, [System#nanoTime] outside tests
  Scheduler(
      String name,
      Backend backend,
      int padTokenId,
      int workerCount,
      int capacity,
      LongSupplier nanoClock) {
    this.backend = backend;
    this.padTokenId = padTokenId;
    this.capacity = capacity;
    this.nanoClock = nanoClock;
    for (int i = 0; i < workerCount; i++) {
      workers.add(Thread.ofPlatform().name(name + "-" + i).daemon(true).start(this::work));
    }
  }

  /// Accepts an encoding; a future that is cancelled before its turn is not run.
  ///
  /// @throws NunchiException `OVERLOADED` if the queue is full, `UNAVAILABLE` after [#close]
  CompletableFuture<Run> submit(Encoding encoding, Deadline deadline) {
    Ticket ticket =
        new Ticket(encoding, deadline, nanoClock.getAsLong(), new CompletableFuture<>());
    lock.lock();
    try {
      if (closed) {
        throw new NunchiException(Reason.UNAVAILABLE, "The model is being stopped");
      }
      if (waiting.size() >= capacity) {
        throw new NunchiException(
            Reason.OVERLOADED,
            "All %d places of the model's queue are taken; try again later".formatted(capacity));
      }
      waiting.add(ticket);
      changed.signal();
    } finally {
      lock.unlock();
    }
    return ticket.run();
  }

  /// Encodings that wait now.
  int waitingCount() {
    lock.lock();
    try {
      return waiting.size();
    } finally {
      lock.unlock();
    }
  }

  /// Refuses what comes from now on, and returns when all that was accepted is answered. Not to be
  /// called by a worker.
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    for (Thread worker : workers) {
      while (worker.isAlive()) {
        try {
          worker.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void work() {
    for (List<Ticket> batch = take(); batch != null; batch = take()) {
      long startedAt = nanoClock.getAsLong();
      List<Ticket> wanted =
          batch.stream().filter(ticket -> stillWanted(ticket, startedAt)).toList();
      if (!wanted.isEmpty()) {
        run(wanted, startedAt);
      }
    }
  }

  /// What is to run next, waiting for it; null when nothing will ever come.
  private @Nullable List<Ticket> take() {
    lock.lock();
    try {
      while (waiting.isEmpty()) {
        if (closed) {
          return null;
        }
        changed.awaitUninterruptibly();
      }
      return List.of(waiting.remove());
    } finally {
      lock.unlock();
    }
  }

  private static boolean stillWanted(Ticket ticket, long now) {
    if (ticket.deadline().passed(now)) {
      ticket
          .run()
          .completeExceptionally(
              new NunchiException(
                  Reason.DEADLINE_EXCEEDED, "The deadline passed while the request waited"));
    }
    return !ticket.run().isDone();
  }

  // Whatever the backend throws goes to the callers who wait for it; the worker must live on.
  @SuppressWarnings("CatchThrowable")
  private void run(List<Ticket> batch, long startedAt) {
    try {
      float[][] logits =
          backend.logits(PaddedBatch.of(batch.stream().map(Ticket::encoding).toList(), padTokenId));
      Duration inference = Duration.ofNanos(nanoClock.getAsLong() - startedAt);
      for (int i = 0; i < batch.size(); i++) {
        Ticket ticket = batch.get(i);
        Duration queue = Duration.ofNanos(startedAt - ticket.acceptedAt());
        ticket.run().complete(new Run(logits[i], queue, inference));
      }
    } catch (Throwable e) {
      batch.forEach(ticket -> ticket.run().completeExceptionally(e));
    }
  }
}
