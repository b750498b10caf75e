package dev.nunchi.nn;

/// What a network reads, each `[batch, seq]` of integers.
///
/// @param inputIds token ids
/// @param attentionMask 1 for a token, 0 for padding
/// @param tokenTypeIds segment of each token, 0 in a single text
public record Inputs<T>(T inputIds, T attentionMask, T tokenTypeIds) {}
