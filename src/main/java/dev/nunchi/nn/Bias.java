package dev.nunchi.nn;

/// A vector that is added to every row: parameter `name` `[width]`.
public record Bias(String name, int width) {}
