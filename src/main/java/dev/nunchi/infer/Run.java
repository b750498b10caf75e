package dev.nunchi.infer;

import java.time.Duration;

/// What came of one input that was queued.
///
/// @param logits one for each label
/// @param queueDuration from being accepted to being taken by a worker
/// @param inferenceDuration in the backend, together with the others of the same run
public record Run(float[] logits, Duration queueDuration, Duration inferenceDuration) {
  /// Of an input that turned out to be nothing.
  static final Run NOTHING = new Run(new float[0], Duration.ZERO, Duration.ZERO);
}
