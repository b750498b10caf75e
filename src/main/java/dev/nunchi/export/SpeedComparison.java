package dev.nunchi.export;

import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.OnnxModel;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// How long two models take for a text, one text at a time on one thread, in turn.
///
/// @param exactMillis of a text in fp32, the median of the rounds
/// @param roundedMillis of a text in int8, the median of the rounds
record SpeedComparison(double exactMillis, double roundedMillis) {
  private static final int ROUNDS = 5;

  static SpeedComparison of(
      ModelDirectory exact, ModelDirectory rounded, List<Encoding> encodings) {
    List<PaddedBatch> texts =
        encodings.stream()
            .map(encoding -> PaddedBatch.of(List.of(encoding), exact.padTokenId()))
            .toList();
    double[] before = new double[ROUNDS];
    double[] after = new double[ROUNDS];
    try (OnnxModel one = OnnxModel.open(exact, InferenceOptions.CPU);
        OnnxModel other = OnnxModel.open(rounded, InferenceOptions.CPU)) {
      millis(one, texts);
      millis(other, texts);
      for (int round = 0; round < ROUNDS; round++) {
        before[round] = millis(one, texts);
        after[round] = millis(other, texts);
      }
    }
    Arrays.sort(before);
    Arrays.sort(after);
    return new SpeedComparison(before[ROUNDS / 2], after[ROUNDS / 2]);
  }

  private static double millis(OnnxModel model, List<PaddedBatch> texts) {
    long start = System.nanoTime();
    texts.forEach(model::logits);
    return (System.nanoTime() - start) / 1e6 / texts.size();
  }

  String sentence() {
    return String.format(
        Locale.ROOT,
        "One text at a time on one thread: %.2f ms in fp32, %.2f ms in int8, %.2f times as fast",
        exactMillis,
        roundedMillis,
        exactMillis / roundedMillis);
  }
}
