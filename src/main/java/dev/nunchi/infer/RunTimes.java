package dev.nunchi.infer;

/// What a model's texts have taken so far: how honest the predictions are, and how full its
/// batches. A batch counts for the model of its first text.
///
/// @param expectedNanos for which they were expected to keep their workers
/// @param takenNanos for which they did
/// @param batches calls of the backend
/// @param texts in them
/// @param tokens of the texts as they were read
/// @param paddingTokens that were added to give the texts of a batch one length
public record RunTimes(
    long expectedNanos,
    long takenNanos,
    long batches,
    long texts,
    long tokens,
    long paddingTokens) {}
