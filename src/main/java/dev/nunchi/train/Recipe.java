package dev.nunchi.train;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.data.EmptyTexts;
import dev.nunchi.nn.Lora;
import dev.nunchi.nn.Modules;
import dev.nunchi.torch.ComputeDevice;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Everything that decides a training run, read from `defaults.yaml`, a recipe file and settings of
/// the command line, the later before the earlier.
///
/// The groups are views of one flat list of keys; what each key means stands in `defaults.yaml`.
public record Recipe(
    Card card,
    Data data,
    Start start,
    Batches batches,
    Optimization optimization,
    Loss loss,
    Distillation distillation,
    Watch watch,
    @Nullable LowRank lora,
    ObjectNode keys) {
  /// Of a recipe that says nothing about the size of a batch.
  static final int TOKENS_PER_BATCH = 4096;

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
      @Nullable String contextColumn,
      @Nullable String inputTemplate,
      @Nullable String labelMapping,
      @Nullable Map<String, Double> labels,
      EmptyTexts emptyTexts,
      ProblemType problemType,
      @Nullable String normalization,
      int maxLength,
      String truncation) {}

  /// Where the network and its vocabulary come from.
  ///
  /// @param configOverrides probabilities of dropout in place of those of a checkpoint's
  ///   config.json
  public record Start(
      @Nullable String modelNameOrPath,
      @Nullable Map<String, Object> modelConfig,
      @Nullable Map<String, Double> configOverrides,
      TokenizerType tokenizerType,
      int tokenizerVocabSize,
      int tokenizerMinFrequency,
      int tokenizerAlphabetLimit,
      @JsonProperty("load_in_4bit") boolean loadIn4bit) {}

  /// What the tokens of a new network's vocabulary are.
  public enum TokenizerType {
    /// Byte pairs.
    BPE,
    /// Single characters without white space.
    CHARACTERS
  }

  /// Which texts go into a step together.
  public record Batches(
      @Nullable Integer tokensPerBatch,
      @Nullable Integer perDeviceTrainBatchSize,
      @Nullable Integer perDeviceEvalBatchSize,
      int gradientAccumulationSteps,
      boolean groupByLength,
      @Nullable Long dataSeed,
      double wordDropout,
      double noiseShare) {}

  /// Optimiser and schedule.
  public record Optimization(
      Optimizer optim,
      double learningRate,
      Schedule.Type lrSchedulerType,
      double warmupRatio,
      int warmupSteps,
      double numTrainEpochs,
      int maxSteps,
      double weightDecay,
      double adamBeta1,
      double adamBeta2,
      double adamEpsilon,
      double adagradEpsilon,
      double maxGradNorm,
      double layerwiseLrDecay,
      double emaDecay,
      int swaEpochs,
      int freezeLayers,
      double gradualUnfreezing,
      boolean gradientCheckpointing,
      boolean bf16,
      boolean fp16,
      long seed) {
    /// Whether products have half the bits, which are those of bf16 in either case.
    boolean half() {
      return bf16 || fp16;
    }

    /// Whether an average of the weights is kept beside them.
    boolean averages() {
      return emaDecay > 0 || swaEpochs > 1;
    }
  }

  /// How weights follow their gradients.
  public enum Optimizer {
    ADAMW,
    /// With moments of 8 bits a number, under the names that transformers has for it too.
    @JsonAlias("adamw_bnb_8bit")
    ADAMW_8BIT,
    /// The same, with the moments in a file of the output directory.
    PAGED_ADAMW_8BIT,
    /// For networks of n-grams.
    ADAGRAD
  }

  /// Low-rank adapters in place of all weights; the section `lora`.
  ///
  /// @param targetModules null, a list of names or a text
  /// @param excludeModules as `targetModules`
  public record LowRank(
      int r,
      double loraAlpha,
      double loraDropout,
      @Nullable JsonNode targetModules,
      @Nullable JsonNode excludeModules,
      Map<String, Integer> rankPattern,
      Map<String, Double> alphaPattern,
      boolean useRslora,
      boolean useDora,
      List<String> modulesToSave,
      String bias) {
    /// @throws java.util.regex.PatternSyntaxException where a text is no regular expression
    Lora settings() {
      return new Lora(
          r,
          loraAlpha,
          loraDropout,
          Optional.ofNullable(targetModules).filter(given -> !given.isNull()).map(LowRank::modules),
          Optional.ofNullable(excludeModules)
              .filter(given -> !given.isNull())
              .map(LowRank::modules)
              .orElse(Modules.NONE),
          new LinkedHashMap<>(rankPattern),
          new LinkedHashMap<>(alphaPattern),
          useRslora,
          useDora,
          modulesToSave);
    }

    private static Modules modules(JsonNode given) {
      if (given.isArray()) {
        return new Modules.Named(given.valueStream().map(JsonNode::asText).toList());
      }
      return given.asText().equalsIgnoreCase("all-linear")
          ? new Modules.All()
          : new Modules.Matching(given.asText());
    }
  }

  /// What is minimised.
  ///
  /// @param classWeights null, the text `balanced`, or an object of numbers by label
  public record Loss(
      double labelSmoothingFactor,
      @Nullable JsonNode classWeights,
      double focalLossGamma,
      boolean fitIntercepts) {}

  /// What is learnt from another model.
  ///
  /// @param teacher directory or name of the model, null for none
  /// @param distillationAlpha weight of the teacher's answers in the loss
  /// @param unlabelledFile with texts that the teacher alone has an answer to
  public record Distillation(
      @Nullable String teacher,
      double distillationTemperature,
      double distillationAlpha,
      @Nullable String unlabelledFile) {
    boolean hasTeacher() {
      return teacher != null;
    }
  }

  /// When a run is evaluated, saved and ended.
  public record Watch(
      @Nullable Strategy evalStrategy,
      @Nullable Integer evalSteps,
      @Nullable Strategy saveStrategy,
      @Nullable Integer saveSteps,
      int saveTotalLimit,
      boolean loadBestModelAtEnd,
      BestMetric metricForBestModel,
      @Nullable Boolean greaterIsBetter,
      int earlyStoppingPatience,
      double earlyStoppingThreshold,
      int loggingSteps,
      int threads,
      ComputeDevice device) {}

  /// When something that repeats is done.
  public enum Strategy {
    NO,
    STEPS,
    EPOCH
  }

  /// @throws NunchiException `INVALID_RECIPE` naming the first key whose value is out of its range
  ///   or contradicts another
  public Recipe {
    RecipeCheck.check(data, start, batches, optimization, loss, distillation, watch);
    if (lora != null) {
      LoraCheck.check(lora, start);
    }
  }

  /// Whether a run needs validation texts.
  boolean isEvaluated() {
    return watch.evalStrategy() != Strategy.NO
        || watch.loadBestModelAtEnd()
        || loss.fitIntercepts();
  }

  long dataSeed() {
    Long given = batches.dataSeed();
    return given == null ? optimization.seed() : given;
  }
}
