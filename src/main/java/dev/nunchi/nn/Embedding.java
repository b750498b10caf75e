package dev.nunchi.nn;

/// A table of vectors looked up by index: parameter `name.weight` `[rows, width]`.
///
/// @param paddingIndex the row that starts as zeros and is not trained, -1 for none
public record Embedding(String name, int rows, int width, int paddingIndex) {
  public static Embedding of(String name, int rows, int width) {
    return new Embedding(name, rows, width, -1);
  }

  public String weight() {
    return name + ".weight";
  }
}
