package dev.nunchi.eval;

import java.util.List;

/// How a training went; each curve in the order of its steps, empty where nothing was recorded.
///
/// @param trainingLoss mean loss of the batches of a step, in nats
/// @param validationLoss mean loss over the validation texts, in nats
public record LearningCurves(
    List<Point> trainingLoss,
    List<Point> validationLoss,
    List<Point> validationAccuracy,
    List<Point> validationMacroF1,
    List<Point> learningRate) {
  public static final LearningCurves NONE =
      new LearningCurves(List.of(), List.of(), List.of(), List.of(), List.of());

  public LearningCurves {
    trainingLoss = List.copyOf(trainingLoss);
    validationLoss = List.copyOf(validationLoss);
    validationAccuracy = List.copyOf(validationAccuracy);
    validationMacroF1 = List.copyOf(validationMacroF1);
    learningRate = List.copyOf(learningRate);
  }

  /// A figure after a number of optimiser steps.
  public record Point(double step, double value) {}

  boolean isEmpty() {
    return equals(NONE);
  }
}
