package dev.nunchi.infer;

/// Why a text was not run that came to a queue.
public enum Refusal {
  /// No place was free for its caller.
  PLACE,
  /// It would not have been answered before its deadline.
  DEADLINE,
  /// It had a place, and its turn did not come in time.
  TURN
}
