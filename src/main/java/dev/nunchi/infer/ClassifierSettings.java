package dev.nunchi.infer;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import java.util.concurrent.Executor;

/// What a [Classifier] has to know beside its encoder and its backend.
///
/// @param model what an error calls it
/// @param labels the labels in the order of the logits
/// @param temperature the logits are divided by it; over 0
/// @param padTokenId the id at the padded places of a batch
/// @param workers the threads that call the backend, see [Workers]
/// @param queueCapacity how many texts may wait to be run
public record ClassifierSettings(
    String model,
    LabelSet labels,
    ProblemType problemType,
    double temperature,
    int padTokenId,
    Executor workers,
    int queueCapacity) {
  public ClassifierSettings {
    if (!(temperature > 0) || queueCapacity < 1) {
      throw new IllegalArgumentException(
          "Temperature %s and a queue of %d: both must be over 0"
              .formatted(temperature, queueCapacity));
    }
  }
}
