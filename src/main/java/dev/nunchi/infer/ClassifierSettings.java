package dev.nunchi.infer;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;

/// What a [Classifier] has to know beside its encoder and its backend.
///
/// @param model what an error calls it
/// @param labels the labels in the order of the logits
/// @param temperature the logits are divided by it; over 0
/// @param padTokenId the id at the padded places of a batch
/// @param queue before the threads that call the backend, see [Workers]
public record ClassifierSettings(
    String model,
    LabelSet labels,
    ProblemType problemType,
    double temperature,
    int padTokenId,
    RunQueue queue) {
  public ClassifierSettings {
    if (!(temperature > 0)) {
      throw new IllegalArgumentException(
          "The temperature is %s, and must be over 0".formatted(temperature));
    }
  }
}
