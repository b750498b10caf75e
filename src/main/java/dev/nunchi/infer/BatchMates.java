package dev.nunchi.infer;

import dev.nunchi.text.PaddedBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// The queues whose texts may stand in one batch, since one backend computes them: those of the
/// adapters of one form on one base. Safe for several threads.
///
/// Texts of one length go together, so that none is padded and each is computed as it is alone. No
/// more than leaves the other workers something to do: where few wait, each has a worker of its
/// own.
final class BatchMates {
  /// Of a model whose texts are run alone.
  static final BatchMates NONE =
      new BatchMates((batch, rows) -> rows.getFirst().logits(batch), 1, 1);

  private final Mixed backend;
  private final int mostRows;
  private final int workers;
  private final List<Scheduler> queues = new CopyOnWriteArrayList<>();

  /// What computes the texts of several models at once.
  @FunctionalInterface
  interface Mixed {
    /// Logits `[batch, labels]`, of each text those of its model.
    ///
    /// @param rows the model of each text of the batch
    float[][] logits(PaddedBatch batch, List<Backend> rows);
  }

  /// @param mostRows in a batch
  /// @param workers that take texts from the queues
  BatchMates(Mixed backend, int mostRows, int workers) {
    this.backend = backend;
    this.mostRows = mostRows;
    this.workers = workers;
  }

  void join(Scheduler queue) {
    queues.add(queue);
  }

  void leave(Scheduler queue) {
    queues.remove(queue);
  }

  /// What is run together with a ticket that was taken, itself first; each is taken from its queue.
  List<Ticket> batch(Ticket first) {
    List<Ticket> batch = new ArrayList<>(List.of(first));
    int rows = mostRows == 1 ? 1 : Math.min(mostRows, 1 + waitingCount() / workers);
    for (Scheduler queue : queues) {
      if (batch.size() >= rows) {
        break;
      }
      batch.addAll(queue.takeOfLength(first.encoding().length(), rows - batch.size()));
    }
    return batch;
  }

  private int waitingCount() {
    return queues.stream().mapToInt(Scheduler::waitingCount).sum();
  }

  float[][] logits(PaddedBatch batch, List<Backend> rows) {
    return backend.logits(batch, rows);
  }
}
