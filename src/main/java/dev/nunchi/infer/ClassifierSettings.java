package dev.nunchi.infer;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;

/// What a [Classifier] has to know beside its encoder and its backend.
///
/// @param name the model's name; names the worker threads
/// @param labels the labels in the order of the logits
/// @param temperature the logits are divided by it; over 0
/// @param padTokenId the id at the padded places of a batch
/// @param workerCount how many calls of the backend run at a time: one for each core or GPU
/// @param queueCapacity how many texts may wait to be run
public record ClassifierSettings(
    String name,
    LabelSet labels,
    ProblemType problemType,
    double temperature,
    int padTokenId,
    int workerCount,
    int queueCapacity) {
  public ClassifierSettings {
    if (!(temperature > 0) || workerCount < 1 || queueCapacity < 1) {
      throw new IllegalArgumentException(
          "Temperature %s, %d workers and a queue of %d: all must be over 0"
              .formatted(temperature, workerCount, queueCapacity));
    }
  }
}
