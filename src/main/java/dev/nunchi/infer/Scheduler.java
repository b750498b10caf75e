package dev.nunchi.infer;

import dev.nunchi.NunchiException;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// One model's part of a [RunQueue], whose guarantees are its own: has texts run on a backend. A
/// future is completed by the worker: its dependents run there, so they must be short and never
/// block.
final class Scheduler implements AutoCloseable {
  private final Backend backend;
  private final int padTokenId;
  private final RunQueue queue;
  private final BatchMates mates;
  private final ModelAccount account = new ModelAccount();

  Scheduler(Backend backend, int padTokenId, RunQueue queue) {
    this(backend, padTokenId, queue, BatchMates.none());
  }

  /// @param mates the models whose texts may be run with those of this one
  Scheduler(Backend backend, int padTokenId, RunQueue queue, BatchMates mates) {
    this.backend = backend;
    this.padTokenId = padTokenId;
    this.queue = queue;
    this.mates = mates;
  }

  /// Accepts all of these or none; what is cancelled before its turn is not run.
  ///
  /// @return the runs, in order
  /// @throws NunchiException as [RunQueue#submit]
  List<CompletableFuture<Run>> submit(List<RunInput> inputs, Terms terms) {
    return runs(queue.submit(this, inputs, terms));
  }

  /// Accepts all of these, and lets them wait for places where too few are free.
  ///
  /// @throws NunchiException as [RunQueue#submitWhenFree]
  Admission<List<Run>> submitWhenFree(List<RunInput> inputs, Terms terms) {
    RunQueue.Group group = queue.submitWhenFree(this, inputs, terms);
    return new Admission<>(group.admitted(), Futures.all(runs(group.tickets())));
  }

  /// Texts that have a place now.
  int waitingCount() {
    return queue.waitingCount(this);
  }

  long refusedCount(Refusal why) {
    return queue.refusedCount(this, why);
  }

  RunTimes times() {
    return queue.times(this);
  }

  /// Refuses what comes from now on, and returns when all that was accepted is answered. Not to be
  /// called by a worker, nor by an event loop, which may be one.
  @Override
  public void close() {
    queue.close(this);
  }

  /// Whether how long a batch took says how long others will take.
  boolean isTypical(Batch batch) {
    return !batch.alone() || !backend.isFasterAlone();
  }

  /// What the queue keeps of it.
  ModelAccount account() {
    return account;
  }

  BatchMates mates() {
    return mates;
  }

  /// Logits `[batch, labels]` of tickets of these mates, of each those of its own model.
  ///
  /// @param encodings theirs
  /// @param alone whether it is one text, and nothing else ran or waited when it was taken
  float[][] logits(List<Ticket> batch, List<Encoding> encodings, boolean alone) {
    return alone
        ? backend.logitsOfLoneText(PaddedBatch.of(encodings, padTokenId))
        : mates.logits(
            encodings, padTokenId, batch.stream().map(ticket -> ticket.model().backend).toList());
  }

  private List<CompletableFuture<Run>> runs(List<Ticket> tickets) {
    for (Ticket ticket : tickets) {
      Futures.whenDone(
          ticket.run(),
          (_, _) -> {
            if (ticket.run().isCancelled()) {
              queue.forget(ticket);
            }
          });
    }
    return tickets.stream().map(Ticket::run).toList();
  }
}
