package dev.nunchi.infer;

/// How long a model's texts have kept the workers: how honest the predictions are.
///
/// @param expectedNanos what its cost model had said of them before each run
/// @param takenNanos what they took
public record RunTimes(long expectedNanos, long takenNanos) {}
