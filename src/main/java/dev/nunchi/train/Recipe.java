package dev.nunchi.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Everything that decides a training run, read from `defaults.yaml`, a recipe file and settings of
/// the command line, the later before the earlier.
///
/// The groups are views of one flat list of keys; what each key means stands in `defaults.yaml`.
public record Recipe(
    Card card, Data data, Start start, Optimization optimization, Watch watch, ObjectNode keys) {

  /// What the model is called and what its card says.
  public record Card(
      @Nullable String name,
      @Nullable String description,
      @Nullable String license,
      @Nullable String dataSource) {}

  /// Which texts, and how they become token ids.
  public record Data(
      @Nullable String trainFile,
      @Nullable String validationFile,
      double validationShare,
      @Nullable String idColumn,
      @Nullable String textColumn,
      @Nullable String labelColumn,
      @Nullable String labelMapping,
      @Nullable Map<String, Double> labels,
      @Nullable String normalization,
      int maxLength,
      String truncation) {}

  /// Where the network and its vocabulary come from.
  public record Start(
      @Nullable String modelNameOrPath,
      @Nullable Map<String, Object> modelConfig,
      int tokenizerVocabSize,
      int tokenizerMinFrequency,
      int tokenizerAlphabetLimit) {}

  /// Batches, optimiser and schedule.
  public record Optimization(
      double learningRate,
      Schedule.Type lrSchedulerType,
      double warmupRatio,
      int warmupSteps,
      double numTrainEpochs,
      int maxSteps,
      int tokensPerBatch,
      int gradientAccumulationSteps,
      double weightDecay,
      double adamBeta1,
      double adamBeta2,
      double adamEpsilon,
      double maxGradNorm,
      double labelSmoothingFactor,
      boolean bf16,
      long seed) {}

  /// Evaluation and threads.
  public record Watch(int evalSteps, BestMetric metricForBestModel, int threads) {}

  /// @throws NunchiException `INVALID_RECIPE` naming the first key whose value is out of its range
  public Recipe {
    Optimization o = optimization;
    atLeast("learning_rate", o.learningRate(), 0);
    share("warmup_ratio", o.warmupRatio());
    atLeast("warmup_steps", o.warmupSteps(), 0);
    atLeast("tokens_per_batch", o.tokensPerBatch(), 1);
    atLeast("gradient_accumulation_steps", o.gradientAccumulationSteps(), 1);
    atLeast("weight_decay", o.weightDecay(), 0);
    share("adam_beta1", o.adamBeta1());
    share("adam_beta2", o.adamBeta2());
    atLeast("adam_epsilon", o.adamEpsilon(), 0);
    atLeast("max_grad_norm", o.maxGradNorm(), 0);
    share("label_smoothing_factor", o.labelSmoothingFactor());
    require(
        o.maxSteps() > 0 || o.numTrainEpochs() > 0,
        "num_train_epochs",
        "over 0 where max_steps is not",
        o.numTrainEpochs());
    share("validation_share", data.validationShare());
    atLeast("max_length", data.maxLength(), 3);
    require(
        data.normalization() == null || data.normalization().matches("standard|none"),
        "normalization",
        "standard or none",
        data.normalization());
    require(
        data.truncation().matches("keep_head|keep_head_and_tail"),
        "truncation",
        "keep_head or keep_head_and_tail",
        data.truncation());
    require(
        (start.modelNameOrPath() == null) != (start.modelConfig() == null),
        "model_name_or_path",
        "given, or model_config instead, and not both",
        start.modelNameOrPath());
    atLeast("tokenizer_vocab_size", start.tokenizerVocabSize(), 300);
    atLeast("tokenizer_min_frequency", start.tokenizerMinFrequency(), 1);
    atLeast("tokenizer_alphabet_limit", start.tokenizerAlphabetLimit(), 1);
    atLeast("eval_steps", watch.evalSteps(), 0);
    atLeast("threads", watch.threads(), 0);
  }

  private static void atLeast(String key, double value, double least) {
    require(value >= least, key, "at least " + Double.toString(least).replace(".0", ""), value);
  }

  private static void share(String key, double value) {
    require(value >= 0 && value < 1, key, "in [0, 1)", value);
  }

  private static void require(boolean holds, String key, String expected, @Nullable Object value) {
    if (!holds) {
      throw new NunchiException(
          Reason.INVALID_RECIPE, "%s should be %s, but is %s".formatted(key, expected, value));
    }
  }
}
