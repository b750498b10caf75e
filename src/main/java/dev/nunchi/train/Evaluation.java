package dev.nunchi.train;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import dev.nunchi.eval.EvaluationResult;
import dev.nunchi.eval.Intercepts;
import dev.nunchi.eval.MultiLabelResult;
import dev.nunchi.eval.Temperature;
import dev.nunchi.torch.TorchNetwork;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// How well a network does on labelled texts.
///
/// @param metrics figures by name, of [EvaluationResult] or [MultiLabelResult]
/// @param temperature that fits these texts best
/// @param intercepts that were added to the logits for it to be so, by label; empty for none
public record Evaluation(Map<String, Double> metrics, double temperature, List<Double> intercepts) {
  /// Of a run that has no texts to measure by: no figure, and scores as the network gives them.
  static final Evaluation NONE = new Evaluation(Map.of(), 1, List.of());

  /// Computes logits in fp32, without dropout.
  ///
  /// @return [#NONE] where there is no text
  static Evaluation of(TorchNetwork network, EncodedTexts texts, EvaluationPlan plan) {
    if (texts.size() == 0) {
      return NONE;
    }
    double[][] logits = new double[texts.size()][];
    for (int[] rows : new LengthBuckets(texts.lengths(), plan.size(), true).sorted()) {
      float[][] batch = network.logits(texts.batch(rows, network.network().padTokenId()));
      for (int i = 0; i < rows.length; i++) {
        logits[rows[i]] = doubles(batch[i]);
      }
    }
    return plan.fitIntercepts()
        ? withIntercepts(plan, texts.labels(), logits)
        : of(plan.labels(), plan.problemType(), texts.labels(), logits);
  }

  private static Evaluation withIntercepts(EvaluationPlan plan, int[][] actual, double[][] logits) {
    double[] intercepts = Intercepts.fit(first(actual), logits);
    Evaluation shifted =
        of(plan.labels(), plan.problemType(), actual, Intercepts.added(logits, intercepts));
    return new Evaluation(
        shifted.metrics(), shifted.temperature(), Arrays.stream(intercepts).boxed().toList());
  }

  private static int[] first(int[][] actual) {
    return Arrays.stream(actual).mapToInt(label -> label[0]).toArray();
  }

  /// @param actual indices of the labels that each text has
  /// @param logits `[text, label]`
  static Evaluation of(
      LabelSet labels, ProblemType problemType, int[][] actual, double[][] logits) {
    double[][] probabilities =
        Arrays.stream(logits)
            .map(row -> problemType.probabilities(row, 1))
            .toArray(double[][]::new);
    return switch (problemType) {
      case SINGLE_LABEL_CLASSIFICATION -> {
        int[] one = first(actual);
        yield new Evaluation(
            EvaluationResult.of(labels, one, probabilities).metrics(),
            Temperature.fit(one, logits),
            List.of());
      }
      case MULTI_LABEL_CLASSIFICATION -> {
        boolean[][] has = has(actual, labels.size());
        yield new Evaluation(
            MultiLabelResult.of(labels, has, probabilities).metrics(),
            Temperature.fit(has, logits),
            List.of());
      }
    };
  }

  private static boolean[][] has(int[][] actual, int labels) {
    boolean[][] has = new boolean[actual.length][labels];
    for (int row = 0; row < actual.length; row++) {
      for (int label : actual[row]) {
        has[row][label] = true;
      }
    }
    return has;
  }

  /// The figure that `metric` names; the accuracy of several labels is the share of texts whose
  /// labels are all right.
  public double value(BestMetric metric) {
    return switch (metric) {
      case ACCURACY -> metrics.getOrDefault("accuracy", metric("subset_accuracy"));
      case MACRO_F1 -> metric("macro_f1");
      case LOSS -> metric("log_loss");
    };
  }

  /// Whether anything was measured.
  public boolean isMeasured() {
    return !metrics.isEmpty();
  }

  private double metric(String name) {
    return metrics.getOrDefault(name, Double.NaN);
  }

  private static double[] doubles(float[] row) {
    double[] copy = new double[row.length];
    for (int i = 0; i < row.length; i++) {
      copy[i] = row[i];
    }
    return copy;
  }
}
