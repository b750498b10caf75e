package dev.nunchi.infer;

/// Hears what becomes of the texts of one call to one model, for whoever traces it.
///
/// It is told on the thread that does the work, before the futures of what has run are completed:
/// so it has to be short, must not block, and must not throw. Moments are on the queue's clock,
/// which is [System#nanoTime] outside tests.
public interface RunListener {
  /// Texts were encoded before their turn came, on the caller's thread.
  void encoded(int texts, long began, long ended);

  /// Texts of this listener have run, perhaps beside those of others. Only the first listener of a
  /// run is told, for all of them.
  void ran(RunReport run);

  /// A text's turn came too late, so it was not run.
  void expired(long acceptedAt, long now);
}
