package dev.nunchi.serve;

import dev.nunchi.text.Truncation;
import java.util.OptionalDouble;

/// A request to classify one text, as both front ends read it.
///
/// @param model empty for the default model
/// @param context empty for none
/// @param topK how many labels are listed; 0 for all
/// @param evidence whether the spans that moved the answer are asked for
record Query(
    String text,
    String model,
    String context,
    Truncation truncation,
    int topK,
    OptionalDouble abstainBelow,
    boolean evidence) {}
