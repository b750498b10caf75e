package dev.nunchi.infer;

import dev.nunchi.text.Span;

/// A part of a text, and what it did to the answer.
///
/// @param span in the text as the caller sent it
/// @param weight score of the answer's label with the whole text, minus its score without this
///   part; in [-1, 1]
public record Evidence(Span span, double weight) {}
