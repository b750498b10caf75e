package dev.nunchi.train;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.eval.Cautions;
import dev.nunchi.eval.EvaluationResult;
import dev.nunchi.eval.Intercepts;
import dev.nunchi.eval.LinearFit;
import dev.nunchi.eval.MultiLabelResult;
import dev.nunchi.eval.RegressionResult;
import dev.nunchi.eval.Temperature;
import dev.nunchi.torch.Targets;
import dev.nunchi.torch.TorchNetwork;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// How well a network does on labelled texts.
///
/// @param metrics figures by name, of [EvaluationResult], [MultiLabelResult] or [RegressionResult]
/// @param temperature that fits these texts best
/// @param intercepts that were added to the logits for it to be so, by label; empty for none
/// @param notes what a reader of these figures should know, one sentence each
public record Evaluation(
    Map<String, Double> metrics, double temperature, List<Double> intercepts, List<String> notes) {
  /// Of a run that has no texts to measure by: no figure, and scores as the network gives them.
  static final Evaluation NONE = new Evaluation(Map.of(), 1, List.of(), List.of());

  /// Computes logits in fp32, without dropout.
  ///
  /// @return [#NONE] where there is no text
  /// @throws NunchiException `FAILED_CHECK` where they are no numbers
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
    requireFinite(logits);
    return switch (texts.targets()) {
      case Targets.Distilled _ ->
          throw new IllegalArgumentException("What a teacher answers is no measure");
      case Targets.Values(double[] values) ->
          ofValues(values, logits, network.network().outputBias().isPresent());
      case Targets.Labels(int[][] actual) -> {
        Evaluation plain = of(plan.labels(), plan.problemType(), actual, logits);
        yield plan.fitIntercepts() ? plain.withIntercepts(plan, actual, logits) : plain;
      }
    };
  }

  private static void requireFinite(double[][] logits) {
    long broken =
        Arrays.stream(logits).filter(row -> !Arrays.stream(row).allMatch(Double::isFinite)).count();
    if (broken > 0) {
      throw new NunchiException(
          Reason.FAILED_CHECK,
          ("The network gives no finite logits for %d of %d validation texts: the training has"
                  + " diverged. What was saved before is good; a smaller learning_rate or a longer"
                  + " warm-up may help")
              .formatted(broken, logits.length));
    }
  }

  /// With intercepts, unless the texts say that they do harm: to texts that they were not fitted
  /// on, or to the figure by which the best model is chosen.
  private Evaluation withIntercepts(EvaluationPlan plan, int[][] actual, double[][] logits) {
    double[] intercepts = Intercepts.fit(first(actual), logits);
    Evaluation shifted =
        of(plan.labels(), plan.problemType(), actual, Intercepts.added(logits, intercepts));
    BestMetric metric = plan.metric();
    boolean worse = metric.isBetter(value(metric), shifted.value(metric), 0);
    if (worse || !Intercepts.help(first(actual), logits)) {
      return new Evaluation(
          metrics,
          temperature,
          intercepts(),
          with(
              notes,
              worse
                  ? "No intercepts were added (fit_intercepts): the validation's %s would be worse."
                      .formatted(metric.key())
                  : "No intercepts were added (fit_intercepts): those of one half of the validation"
                      + " texts make the other half less likely."));
    }
    return new Evaluation(
        shifted.metrics,
        shifted.temperature,
        Arrays.stream(intercepts).boxed().toList(),
        shifted.notes);
  }

  private static List<String> with(List<String> notes, String note) {
    return Stream.concat(notes.stream(), Stream.of(note)).toList();
  }

  private static int[] first(int[][] actual) {
    return Arrays.stream(actual).mapToInt(label -> label[0]).toArray();
  }

  /// Of a regression; its linear map, where one helps, is an intercept and then a temperature:
  /// `scale · z + offset = (z + offset / scale) / (1 / scale)`.
  ///
  /// @param logits `[text, 1]`
  /// @param hasBias whether the network has an output bias, which the intercept goes into
  private static Evaluation ofValues(double[] values, double[][] logits, boolean hasBias) {
    double[] answers = Arrays.stream(logits).mapToDouble(row -> row[0]).toArray();
    LinearFit fit = hasBias ? LinearFit.of(values, answers) : LinearFit.NONE;
    RegressionResult result =
        RegressionResult.of(values, Arrays.stream(answers).map(fit::apply).toArray());
    return new Evaluation(
        result.metrics(),
        1 / fit.scale(),
        fit.equals(LinearFit.NONE) ? List.of() : List.of(fit.offset() / fit.scale()),
        Cautions.of(result));
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
        EvaluationResult result = EvaluationResult.of(labels, one, probabilities);
        yield of(result.metrics(), Temperature.fit(one, logits), Cautions.of(result));
      }
      case REGRESSION -> throw new IllegalArgumentException("A regression has values, no labels");
      case MULTI_LABEL_CLASSIFICATION -> {
        boolean[][] has = has(actual, labels.size());
        MultiLabelResult result = MultiLabelResult.of(labels, has, probabilities);
        yield of(result.metrics(), Temperature.fit(has, logits), Cautions.of(result));
      }
    };
  }

  private static Evaluation of(
      Map<String, Double> metrics, double temperature, List<String> cautions) {
    Evaluation evaluation = new Evaluation(metrics, temperature, List.of(), cautions);
    long mistakes = Math.round((1 - evaluation.value(BestMetric.ACCURACY)) * evaluation.count());
    return Cautions.ofTemperature(temperature, evaluation.count(), mistakes)
        .map(note -> new Evaluation(metrics, temperature, List.of(), with(cautions, note)))
        .orElse(evaluation);
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
      case LOSS -> metrics.getOrDefault("log_loss", metric("mse"));
      case MACRO_F1, WEIGHTED_F1, MAE, RMSE, PEARSON, SPEARMAN -> metric(metric.key());
    };
  }

  /// The figures by which a model can be chosen, in the order in which they are said.
  public List<BestMetric> figures() {
    return BestMetric.of(
        metrics.containsKey("mae")
            ? ProblemType.REGRESSION
            : ProblemType.SINGLE_LABEL_CLASSIFICATION);
  }

  /// These figures by key, in the order in which they are logged: the loss first.
  Map<String, Double> logged() {
    Map<String, Double> logged = new LinkedHashMap<>();
    logged.put(BestMetric.LOSS.key(), value(BestMetric.LOSS));
    figures().forEach(metric -> logged.put(metric.key(), value(metric)));
    return logged;
  }

  /// These figures as words, for example `accuracy 0.8812, macro F1 0.8811, weighted F1 0.8812,
  /// loss 0.2711`.
  public String summary() {
    return figures().stream()
        .map(metric -> String.format(Locale.ROOT, "%s %.4f", metric.words(), value(metric)))
        .collect(Collectors.joining(", "));
  }

  /// Whether anything was measured.
  public boolean isMeasured() {
    return !metrics.isEmpty();
  }

  /// How many texts were evaluated.
  long count() {
    return Math.round(metric("count"));
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
