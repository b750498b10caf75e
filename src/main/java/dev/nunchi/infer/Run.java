package dev.nunchi.infer;

import java.time.Duration;

/// What came of one encoding that was queued.
///
/// @param logits one for each label
/// @param queueDuration from being accepted to being run
/// @param inferenceDuration in the backend, together with the encodings of the same run
public record Run(float[] logits, Duration queueDuration, Duration inferenceDuration) {}
