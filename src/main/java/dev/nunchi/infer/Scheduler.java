package dev.nunchi.infer;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The queue before a backend, which [Workers] work off.
///
/// Guarantees: nothing here waits. What is accepted is answered exactly once, also when [#close]
/// comes in between: with a run, with `DEADLINE_EXCEEDED`, or with what the backend threw. What
/// [#submit] does not accept it refuses at once, all of it. At most `capacity` encodings have a
/// place. Beyond them wait those given to [#submitWhenFree]; whoever calls it bounds how many, by
/// giving the next only when the last was admitted. What is cancelled frees its place at once.
///
/// Design: workers are platform threads, one for each core or GPU, which all models share, and each
/// call of the backend uses one core: on a CPU that answers more texts than one call on all cores.
/// For each place that is taken a worker is asked to come, so models are served in the order in
/// which their texts came. It takes what waited longest and runs it alone, since batches of texts
/// in the order of their arrival are mostly padding and lose on a CPU; or with others of its length
/// where the backend allows for it, see [BatchMates]. A future is completed by the worker: its
/// dependents run there, so they must be short and never block.
final class Scheduler implements AutoCloseable {
  private final Backend backend;
  private final int padTokenId;
  private final Executor workers;
  private final LongSupplier nanoClock;
  private final BatchMates mates;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private final WaitingLine line;

  /// How many workers were asked and have not come yet.
  private int asked;

  /// How many encodings are with a worker.
  private int running;

  private boolean closed;

  /// @param workers run what they are given soon, and elsewhere
  /// @param capacity how many encodings may wait, besides those that run
  /// @param nanoClock what [Deadline] counts on, [System#nanoTime] outside tests
  Scheduler(
      Backend backend, int padTokenId, Executor workers, int capacity, LongSupplier nanoClock) {
    this(backend, padTokenId, workers, capacity, nanoClock, BatchMates.NONE);
  }

  /// @param mates the queues whose encodings may be run with those of this one, which it joins
  Scheduler(
      Backend backend,
      int padTokenId,
      Executor workers,
      int capacity,
      LongSupplier nanoClock,
      BatchMates mates) {
    this.backend = backend;
    this.padTokenId = padTokenId;
    this.workers = workers;
    this.line = new WaitingLine(capacity);
    this.nanoClock = nanoClock;
    this.mates = mates;
    mates.join(this);
  }

  /// Accepts all of these or none; what is cancelled before its turn is not run.
  ///
  /// @return the runs, in order
  /// @throws NunchiException `OVERLOADED` if the queue has too few places, `UNAVAILABLE` after
  ///   [#close], `INVALID_ARGUMENT` for more than will ever find places
  List<CompletableFuture<Run>> submit(List<Encoding> encodings, Deadline deadline) {
    requirePlaces(encodings.size(), line.capacity());
    List<Ticket> tickets = tickets(encodings, deadline);
    lock.lock();
    try {
      requireOpen();
      if (!line.add(tickets)) {
        throw new NunchiException(
            Reason.OVERLOADED,
            "The request needs %d of the %d places of the model's queue, and too few are free; try again later"
                .formatted(tickets.size(), line.capacity()));
      }
      askWorkers();
    } finally {
      lock.unlock();
    }
    return runs(tickets);
  }

  /// Accepts all of these, and lets them wait for places where too few are free.
  ///
  /// @throws NunchiException `UNAVAILABLE` after [#close], `INVALID_ARGUMENT` for more than will
  ///   ever find places
  Admission<List<Run>> submitWhenFree(List<Encoding> encodings, Deadline deadline) {
    requirePlaces(encodings.size(), line.patientCapacity());
    WaitingLine.Group group =
        new WaitingLine.Group(tickets(encodings, deadline), new CompletableFuture<>());
    List<WaitingLine.Group> admitted;
    lock.lock();
    try {
      requireOpen();
      line.addWhenFree(group);
      admitted = admit();
    } finally {
      lock.unlock();
    }
    tell(admitted);
    return new Admission<>(group.admitted(), Futures.all(runs(group.tickets())));
  }

  /// Encodings that have a place now.
  int waitingCount() {
    lock.lock();
    try {
      return line.size();
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
      while (line.size() > 0 || running > 0) {
        idle.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
    mates.leave(this);
  }

  /// What a worker does that was asked to come.
  private void work() {
    @Nullable Ticket first = take();
    if (first == null) {
      return;
    }
    List<Ticket> batch = mates.batch(first);
    try {
      long startedAt = nanoClock.getAsLong();
      List<Ticket> wanted =
          batch.stream().filter(ticket -> stillWanted(ticket, startedAt)).toList();
      if (!wanted.isEmpty()) {
        run(wanted, startedAt);
      }
    } finally {
      batch.forEach(ticket -> ticket.queue().done());
    }
  }

  /// What is to be run next; null where it was cancelled meanwhile, or is run with another's.
  private @Nullable Ticket take() {
    @Nullable Ticket next;
    List<WaitingLine.Group> admitted;
    lock.lock();
    try {
      asked--;
      next = line.poll();
      if (next == null) {
        idle.signalAll();
      } else {
        running++;
      }
      admitted = admit();
    } finally {
      lock.unlock();
    }
    tell(admitted);
    return next;
  }

  /// What waited longest of encodings of one length.
  ///
  /// @param most how many at most
  List<Ticket> takeOfLength(int length, int most) {
    List<Ticket> taken;
    List<WaitingLine.Group> admitted;
    lock.lock();
    try {
      taken = line.poll(length, most);
      running += taken.size();
      admitted = taken.isEmpty() ? List.of() : admit();
    } finally {
      lock.unlock();
    }
    tell(admitted);
    return taken;
  }

  private void done() {
    lock.lock();
    try {
      running--;
      idle.signalAll();
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

  private List<Ticket> tickets(List<Encoding> encodings, Deadline deadline) {
    long now = nanoClock.getAsLong();
    return encodings.stream().map(encoding -> new Ticket(this, encoding, deadline, now)).toList();
  }

  private List<CompletableFuture<Run>> runs(List<Ticket> tickets) {
    for (Ticket ticket : tickets) {
      CompletableFuture<Run> _ =
          ticket
              .run()
              .whenComplete((_, _) -> {
                if (ticket.run().isCancelled()) {
                  forget(ticket);
                }
              });
    }
    return tickets.stream().map(Ticket::run).toList();
  }

  private void forget(Ticket ticket) {
    List<WaitingLine.Group> admitted;
    lock.lock();
    try {
      line.remove(ticket);
      admitted = admit();
    } finally {
      lock.unlock();
    }
    tell(admitted);
  }

  /// To be called with the lock.
  private List<WaitingLine.Group> admit() {
    List<WaitingLine.Group> admitted = line.admit();
    askWorkers();
    return admitted;
  }

  /// Has a worker come for each place that is taken. To be called with the lock.
  private void askWorkers() {
    for (; asked < line.size(); asked++) {
      workers.execute(this::work);
    }
  }

  /// To be called without the lock: what hangs on it may come back here.
  private static void tell(List<WaitingLine.Group> admitted) {
    admitted.forEach(group -> group.admitted().complete(null));
  }

  private void requireOpen() {
    if (closed) {
      throw new NunchiException(Reason.UNAVAILABLE, "The model is being stopped");
    }
  }

  private static void requirePlaces(int needed, int most) {
    if (needed > most) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "The request needs %d places of the model's queue, which has %d for it"
              .formatted(needed, most));
    }
  }

  // Whatever the backend throws goes to the callers who wait for it; the worker must live on.
  @SuppressWarnings("CatchThrowable")
  private void run(List<Ticket> batch, long startedAt) {
    try {
      float[][] logits =
          mates.logits(
              PaddedBatch.of(batch.stream().map(Ticket::encoding).toList(), padTokenId),
              batch.stream().map(ticket -> ticket.queue().backend).toList());
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
