package dev.nunchi.infer;

import java.util.List;

/// What came of a [Question].
///
/// @param evidence by magnitude of the weight, the strongest first; empty unless asked for
public record Outcome(Prediction prediction, List<Evidence> evidence) {}
