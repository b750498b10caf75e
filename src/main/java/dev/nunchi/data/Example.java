package dev.nunchi.data;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A text and the labels that a person gave it, or the number.
///
/// @param id the row's identifier in its file, or its line number where the file has none
/// @param labels names as they stand in the file or as they were mapped; each once, in the order of
///   their characters. Single-label data has one; multi-label data any number, also none
/// @param context what the text is about or answers to; null where none was asked for
public record Example(String id, String text, List<String> labels, @Nullable String context) {
  public Example {
    labels =
        labels.size() == 1 ? List.copyOf(labels) : labels.stream().distinct().sorted().toList();
  }

  /// An example without a context.
  public Example(String id, String text, List<String> labels) {
    this(id, text, labels, null);
  }

  /// An example of single-label data.
  public Example(String id, String text, String label) {
    this(id, text, List.of(label));
  }

  /// This example with another text.
  public Example withText(String text) {
    return new Example(id, text, labels, context);
  }

  /// The label of an example that has one.
  ///
  /// @throws IllegalStateException if it has none or several
  public String label() {
    if (labels.size() != 1) {
      throw new IllegalStateException(
          "Example %s has %d labels; expected one".formatted(id, labels.size()));
    }
    return labels.getFirst();
  }

  /// The value of an example of a regression, whose label is a number.
  public double value() {
    return Double.parseDouble(label());
  }
}
