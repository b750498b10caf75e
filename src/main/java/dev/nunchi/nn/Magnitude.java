package dev.nunchi.nn;

/// Lengths of the rows of an adapted weight, `m / ‖W + s·B·A‖`: parameter `name` (`m`) `[out]`.
///
/// @param layer `W`, without a bias
/// @param down `A`
/// @param up `B`
/// @param scale `s`
public record Magnitude(String name, Linear layer, Linear down, Linear up, double scale) {}
