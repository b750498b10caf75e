package dev.nunchi.data;

/// A text without a label, as it comes from a file to be classified.
///
/// @param line physical line on which it starts, counted from 1
/// @param id the row's identifier in its file, or its line number where the file has none
public record Document(long line, String id, String text) implements TextRow {}
