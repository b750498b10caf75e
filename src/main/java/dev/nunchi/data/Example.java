package dev.nunchi.data;

/// A text and the label that a person gave it.
///
/// @param id the row's identifier in its file, or its line number where the file has none
/// @param label the label's name, as it stands in the file or as it was mapped
public record Example(String id, String text, String label) {}
