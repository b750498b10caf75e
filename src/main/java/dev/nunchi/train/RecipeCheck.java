package dev.nunchi.train;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.model.Manifest;
import dev.nunchi.text.PlainName;
import dev.nunchi.train.Recipe.Strategy;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The ranges of a recipe's keys, and which of them exclude each other.
final class RecipeCheck {
  /// `max_steps` of a run whose length `num_train_epochs` says.
  private static final int BY_EPOCHS = -1;

  /// Each is one of the system's; libtorch makes as many as it is told to.
  private static final int MOST_THREADS = 1024;

  /// How configurations of all families call a probability of dropout.
  private static final Pattern DROPOUT = Pattern.compile("(.+_)?dropout(_prob)?");

  private RecipeCheck() {}

  /// @throws NunchiException `INVALID_RECIPE` naming the first key that is wrong
  static void check(
      Recipe.Data data,
      Recipe.Start start,
      Recipe.Batches batches,
      Recipe.Optimization optimization,
      Recipe.Loss loss,
      Recipe.Distillation distillation,
      Recipe.Watch watch) {
    check(data);
    check(start);
    check(batches);
    check(optimization);
    check(loss, data.problemType());
    check(distillation);
    check(watch, data.problemType());
    exclude(
        optimization.swaEpochs() > 0 && watch.earlyStoppingPatience() > 0,
        "early_stopping_patience may end the run before the epochs that swa_epochs averages; set"
            + " one to 0");
  }

  private static void check(Recipe.Data data) {
    share("validation_share", data.validationShare());
    atLeast("max_length", data.maxLength(), 3);
    labels(data.labels(), data.problemType());
    path("train_file", data.trainFile());
    path("validation_file", data.validationFile());
    require(
        data.normalization() == null || data.normalization().matches("standard|none"),
        "normalization",
        "standard or none",
        data.normalization());
    require(
        data.inputTemplate() == null || data.inputTemplate().equals(Manifest.Text.TEXT_AND_CONTEXT),
        "input_template",
        Manifest.Text.TEXT_AND_CONTEXT + " or left out",
        data.inputTemplate());
    exclude(
        data.contextColumn() != null && data.inputTemplate() == null,
        "context_column is read with input_template: " + Manifest.Text.TEXT_AND_CONTEXT);
    require(
        data.truncation().matches("keep_head|keep_head_and_tail"),
        "truncation",
        "keep_head or keep_head_and_tail",
        data.truncation());
  }

  private static void labels(@Nullable Map<String, Double> labels, ProblemType problemType) {
    if (labels == null) {
      return;
    }
    Set<String> names = new HashSet<>();
    for (Map.Entry<String, Double> label : labels.entrySet()) {
      String name = PlainName.of(label.getKey());
      require(!name.isEmpty(), "labels", "names that can be seen", labels.keySet());
      require(names.add(name), "labels", "names that do not look alike", labels.keySet());
      Double polarity = label.getValue();
      require(
          polarity == null || Math.abs(polarity) <= 1,
          "labels",
          "names with a polarity from -1 to 1",
          label);
    }
    if (problemType == ProblemType.REGRESSION) {
      require(
          labels.size() == 1,
          "labels",
          "one name, that of the value, where problem_type is regression",
          labels.keySet());
    } else {
      require(labels.size() >= 2, "labels", "at least two", labels.keySet());
    }
  }

  private static void check(Recipe.Start start) {
    require(
        (start.modelNameOrPath() == null) != (start.modelConfig() == null),
        "model_name_or_path",
        "given, or model_config instead, and not both",
        start.modelNameOrPath());
    path("model_name_or_path", start.modelNameOrPath());
    checkOverrides(start);
    exclude(
        start.loadIn4bit() && start.modelConfig() != null,
        "load_in_4bit: true is of a checkpoint's weights, and those of model_config are all"
            + " trained");
    atLeast("tokenizer_vocab_size", start.tokenizerVocabSize(), 300);
    atLeast("tokenizer_min_frequency", start.tokenizerMinFrequency(), 1);
    atLeast("tokenizer_alphabet_limit", start.tokenizerAlphabetLimit(), 1);
  }

  private static void checkOverrides(Recipe.Start start) {
    @Nullable Map<String, Double> overrides = start.configOverrides();
    if (overrides == null) {
      return;
    }
    exclude(
        start.modelConfig() != null,
        "config_overrides is of a checkpoint's config.json; put its keys into model_config");
    overrides.forEach((key, value) -> {
      require(
          DROPOUT.matcher(key).matches(),
          "config_overrides",
          "of probabilities of dropout, as hidden_dropout_prob",
          key);
      require(
          value != null && value >= 0 && value < 1,
          "config_overrides." + key,
          "at least 0 and below 1",
          value);
    });
  }

  private static void check(Recipe.Batches batches) {
    atLeast("tokens_per_batch", batches.tokensPerBatch(), 1);
    atLeast("per_device_train_batch_size", batches.perDeviceTrainBatchSize(), 1);
    atLeast("per_device_eval_batch_size", batches.perDeviceEvalBatchSize(), 1);
    atLeast("gradient_accumulation_steps", batches.gradientAccumulationSteps(), 1);
    share("word_dropout", batches.wordDropout());
    share("noise_share", batches.noiseShare());
    exclude(
        batches.tokensPerBatch() != null && batches.perDeviceTrainBatchSize() != null,
        "tokens_per_batch and per_device_train_batch_size both set the size of a batch; give one");
    exclude(
        !batches.groupByLength() && batches.perDeviceTrainBatchSize() == null,
        "group_by_length: false needs per_device_train_batch_size, as batches by tokens are cut by"
            + " length");
  }

  private static void check(Recipe.Optimization o) {
    require(
        o.learningRate() > 0 && Double.isFinite(o.learningRate()),
        "learning_rate",
        "over 0, as nothing is learnt at 0",
        o.learningRate());
    share("warmup_ratio", o.warmupRatio());
    atLeast("warmup_steps", o.warmupSteps(), 0);
    exclude(
        o.lrSchedulerType() == Schedule.Type.CONSTANT
            && (o.warmupRatio() > 0 || o.warmupSteps() > 0),
        "lr_scheduler_type constant has no warm-up; constant_with_warmup has");
    atLeast("weight_decay", o.weightDecay(), 0);
    share("adam_beta1", o.adamBeta1());
    share("adam_beta2", o.adamBeta2());
    atLeast("adam_epsilon", o.adamEpsilon(), 0);
    atLeast("adagrad_epsilon", o.adagradEpsilon(), 0);
    atLeast("max_grad_norm", o.maxGradNorm(), 0);
    require(
        o.layerwiseLrDecay() > 0 && o.layerwiseLrDecay() <= 1,
        "layerwise_lr_decay",
        "in (0, 1]",
        o.layerwiseLrDecay());
    exclude(
        o.optim() == Recipe.Optimizer.ADAGRAD && o.layerwiseLrDecay() < 1,
        "layerwise_lr_decay is for optim adamw; set it to 1");
    share("ema_decay", o.emaDecay());
    atLeast("swa_epochs", o.swaEpochs(), 0);
    exclude(
        o.emaDecay() > 0 && o.swaEpochs() > 0,
        "ema_decay and swa_epochs both average the weights; set one to 0");
    exclude(
        o.bf16() && o.fp16(), "bf16 and fp16 are two types of the same products; set one to false");
    atLeast("freeze_layers", o.freezeLayers(), 0);
    atLeast("gradual_unfreezing", o.gradualUnfreezing(), 0);
    require(
        o.maxSteps() > 0 || o.maxSteps() == BY_EPOCHS,
        "max_steps",
        "over 0, or -1 to train for num_train_epochs",
        o.maxSteps());
    require(
        o.numTrainEpochs() < Double.POSITIVE_INFINITY,
        "num_train_epochs",
        "a finite number",
        o.numTrainEpochs());
    require(
        o.maxSteps() > 0 || o.numTrainEpochs() > 0,
        "num_train_epochs",
        "over 0 where max_steps is not",
        o.numTrainEpochs());
  }

  private static void check(Recipe.Loss loss, ProblemType problemType) {
    exclude(
        problemType != ProblemType.SINGLE_LABEL_CLASSIFICATION
            && (loss.focalLossGamma() > 0 || loss.labelSmoothingFactor() > 0),
        "focal_loss_gamma and label_smoothing_factor are for problem_type"
            + " single_label_classification; set both to 0");
    exclude(
        problemType != ProblemType.SINGLE_LABEL_CLASSIFICATION && loss.fitIntercepts(),
        "fit_intercepts is for problem_type single_label_classification; set it to false");
    share("label_smoothing_factor", loss.labelSmoothingFactor());
    atLeast("focal_loss_gamma", loss.focalLossGamma(), 0);
    exclude(
        loss.focalLossGamma() > 0 && loss.labelSmoothingFactor() > 0,
        "focal_loss_gamma and label_smoothing_factor are not defined together; set one to 0");
    @Nullable JsonNode weights = loss.classWeights();
    if (weights == null || weights.isNull()) {
      return;
    }
    exclude(
        problemType == ProblemType.REGRESSION,
        "class_weights are for labels; problem_type regression has none");
    if (weights.asText().equals("balanced")) {
      return;
    }
    require(weights.isObject(), "class_weights", "balanced or {label: weight}", weights);
    for (JsonNode weight : weights) {
      require(
          weight.isNumber() && weight.doubleValue() > 0,
          "class_weights",
          "numbers over 0 by label",
          weights);
    }
  }

  private static void check(Recipe.Distillation distillation) {
    path("teacher", distillation.teacher());
    path("unlabelled_file", distillation.unlabelledFile());
    double temperature = distillation.distillationTemperature();
    require(
        temperature >= 0.01 && temperature <= 1000,
        "distillation_temperature",
        "from 0.01 to 1000",
        temperature);
    double alpha = distillation.distillationAlpha();
    require(
        alpha > 0 && alpha <= 1,
        "distillation_alpha",
        "in (0, 1], as the teacher has no part in the loss at 0",
        alpha);
    exclude(
        distillation.unlabelledFile() != null && !distillation.hasTeacher(),
        "unlabelled_file holds texts for a teacher to answer; give teacher too");
  }

  private static void check(Recipe.Watch watch, ProblemType problemType) {
    atLeast("eval_steps", watch.evalSteps(), 1);
    atLeast("save_steps", watch.saveSteps(), 1);
    atLeast("save_total_limit", watch.saveTotalLimit(), 0);
    atLeast("early_stopping_patience", watch.earlyStoppingPatience(), 0);
    atLeast("early_stopping_threshold", watch.earlyStoppingThreshold(), 0);
    atLeast("logging_steps", watch.loggingSteps(), 1);
    atLeast("threads", watch.threads(), 0);
    require(watch.threads() <= MOST_THREADS, "threads", "at most " + MOST_THREADS, watch.threads());
    strategy("eval", watch.evalStrategy(), watch.evalSteps());
    exclude(
        watch.evalStrategy() == Strategy.STEPS && watch.evalSteps() == null,
        "eval_strategy steps needs eval_steps");
    strategy("save", watch.saveStrategy(), watch.saveSteps());
    boolean evaluated = watch.evalStrategy() != Strategy.NO;
    exclude(
        !evaluated && watch.loadBestModelAtEnd(),
        "load_best_model_at_end needs evaluations; with eval_strategy no, set it to false");
    exclude(
        !evaluated && watch.earlyStoppingPatience() > 0,
        "early_stopping_patience needs evaluations; eval_strategy is no");
    BestMetric metric = watch.metricForBestModel();
    List<BestMetric> measured = BestMetric.of(problemType);
    exclude(
        !measured.contains(metric),
        "metric_for_best_model should be one of %s where problem_type is %s, but is %s"
            .formatted(
                measured.stream().map(BestMetric::key).collect(Collectors.joining(", ")),
                problemType.configName(),
                metric.key()));
    exclude(
        watch.greaterIsBetter() != null && watch.greaterIsBetter() != metric.greaterIsBetter(),
        "greater_is_better: %s contradicts metric_for_best_model: %s"
            .formatted(watch.greaterIsBetter(), metric.key()));
  }

  private static void strategy(String name, @Nullable Strategy strategy, @Nullable Integer steps) {
    exclude(
        strategy != null && strategy != Strategy.STEPS && steps != null,
        "%s_steps is for %s_strategy steps, but that is %s".formatted(name, name, strategy));
  }

  private static void atLeast(String key, @Nullable Number value, double least) {
    require(
        value == null || value.doubleValue() < Double.POSITIVE_INFINITY,
        key,
        "a finite number",
        value);
    require(
        value == null || value.doubleValue() >= least,
        key,
        "at least " + Double.toString(least).replace(".0", ""),
        value);
  }

  private static void path(String key, @Nullable String value) {
    if (value == null) {
      return;
    }
    require(!value.isBlank(), key, "a path", "'" + value + "'");
    try {
      Path unused = Path.of(value);
    } catch (InvalidPathException e) {
      exclude(true, "%s should be a path, but is '%s' (%s)".formatted(key, value, e.getReason()));
    }
  }

  private static void share(String key, double value) {
    require(value >= 0 && value < 1, key, "in [0, 1)", value);
  }

  static void require(boolean holds, String key, String expected, @Nullable Object value) {
    exclude(!holds, "%s should be %s, but is %s".formatted(key, expected, value));
  }

  private static void exclude(boolean wrong, String message) {
    if (wrong) {
      throw new NunchiException(Reason.INVALID_RECIPE, message);
    }
  }
}
