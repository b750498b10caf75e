package dev.nunchi.export;

/// How a linear layer is computed in whole numbers.
///
/// @param input how its input is rounded; the same object for layers that share their input
/// @param steps of each row of its matrix, after the columns are multiplied by the input's divisors
/// @param numbers that matrix in steps, `[out, in]`
record RoundedLayer(Rounding input, float[] steps, byte[] numbers) {}
