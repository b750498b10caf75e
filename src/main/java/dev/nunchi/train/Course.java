package dev.nunchi.train;

import dev.nunchi.ProblemType;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Weights;
import dev.nunchi.torch.Distillation;
import dev.nunchi.torch.Freezing;
import dev.nunchi.torch.Loss;
import dev.nunchi.torch.Targets;
import java.util.List;

/// What a run will do and take, known before libtorch is loaded and any weight is read.
///
/// @param loss that is minimised
/// @param freezing of layers, which the network has
/// @param buckets the texts as batches, without noise
/// @param noise of the training texts
record Course(
    Loss loss,
    Freezing freezing,
    LengthBuckets buckets,
    TextNoise noise,
    StepPlan steps,
    MemoryEstimate memory) {
  static Course of(
      Recipe recipe,
      Network network,
      Weights weights,
      Corpus corpus,
      TextNoise noise,
      EvaluationPlan plan) {
    EncodedTexts train = corpus.train();
    EncodedTexts validation = corpus.validation();
    LengthBuckets buckets = buckets(recipe, train);
    // The first epoch stands for all: under noise the lengths of the others are much the same.
    LengthBuckets first = buckets.with(noise.epoch(0));
    List<int[]> batches = first.sorted();
    LengthBuckets watched = new LengthBuckets(validation.lengths(), plan.size(), true);
    StepPlan steps = StepPlan.of(recipe, batches.size());
    Recipe.Optimization o = recipe.optimization();
    Freezing freezing =
        new Freezing(o.freezeLayers(), o.gradualUnfreezing() * steps.stepsOfEpoch());
    freezing.requireFits(network);
    return new Course(
        loss(recipe, corpus),
        freezing,
        buckets,
        noise,
        steps,
        MemoryEstimate.of(
            recipe,
            network,
            weights,
            freezing.learners(network),
            train.size() + validation.size(),
            MemoryEstimate.shapes(batches, first.lengths()),
            MemoryEstimate.shapes(watched.sorted(), watched.lengths())));
  }

  private static Loss loss(Recipe recipe, Corpus corpus) {
    ProblemType problemType = recipe.data().problemType();
    Targets labelled = corpus.labelled().targets();
    Loss own = new ClassWeights(recipe.loss(), corpus.labels()).loss(problemType, labelled);
    return recipe.distillation().hasTeacher()
        ? new Distillation(
            own,
            own.weight(labelled) / labelled.size(),
            problemType,
            recipe.distillation().distillationAlpha(),
            recipe.distillation().distillationTemperature())
        : own;
  }

  private static LengthBuckets buckets(Recipe recipe, EncodedTexts train) {
    Recipe.Batches batches = recipe.batches();
    Integer rows = batches.perDeviceTrainBatchSize();
    Integer tokens = batches.tokensPerBatch();
    return new LengthBuckets(
        train.lengths(),
        rows != null
            ? LengthBuckets.Size.ofRows(rows)
            : LengthBuckets.Size.ofTokens(tokens == null ? Recipe.TOKENS_PER_BATCH : tokens),
        batches.groupByLength());
  }
}
