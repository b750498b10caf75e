package dev.nunchi.train;

import dev.nunchi.ProblemType;
import dev.nunchi.eval.EvaluationResult;
import dev.nunchi.torch.TorchNetwork;
import java.util.Arrays;

/// How well a network does on labelled texts.
///
/// @param logits `[text, label]` in the order of the texts
public record Evaluation(EvaluationResult result, double[][] logits) {
  /// Computes logits in fp32, without dropout.
  static Evaluation of(TorchNetwork network, EncodedTexts texts, EvaluationPlan plan) {
    double[][] logits = new double[texts.size()][];
    for (int[] rows : new LengthBuckets(texts.lengths(), plan.size(), true).sorted()) {
      float[][] batch = network.logits(texts.batch(rows, network.network().padTokenId()));
      for (int i = 0; i < rows.length; i++) {
        logits[rows[i]] = doubles(batch[i]);
      }
    }
    double[][] probabilities =
        Arrays.stream(logits)
            .map(row -> ProblemType.SINGLE_LABEL_CLASSIFICATION.probabilities(row, 1))
            .toArray(double[][]::new);
    return new Evaluation(
        EvaluationResult.of(plan.labels(), texts.labels(), probabilities), logits);
  }

  /// The figure that `metric` names.
  public double value(BestMetric metric) {
    return switch (metric) {
      case ACCURACY -> result.matrix().accuracy();
      case MACRO_F1 -> result.matrix().macro().f1();
      case LOSS -> result.metrics().getOrDefault("log_loss", Double.NaN);
    };
  }

  private static double[] doubles(float[] row) {
    double[] copy = new double[row.length];
    for (int i = 0; i < row.length; i++) {
      copy[i] = row[i];
    }
    return copy;
  }
}
