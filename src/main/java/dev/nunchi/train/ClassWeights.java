package dev.nunchi.train;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.torch.BinaryCrossEntropy;
import dev.nunchi.torch.CrossEntropy;
import dev.nunchi.torch.Loss;
import dev.nunchi.torch.MeanSquaredError;
import dev.nunchi.torch.Targets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The loss of a recipe with its weights of labels; of a regression the squared error.
///
/// `balanced` is scikit-learn's where a text has one label: texts over labels times texts of the
/// label, so that all labels weigh alike together. Where it has any number of them, it is texts
/// without the label over texts with it, so that its presence weighs as much as its absence.
record ClassWeights(Recipe.Loss recipe, LabelSet labels) {
  /// @param targets of the training texts
  /// @throws NunchiException `INVALID_RECIPE` where weights are not given for exactly the labels
  Loss loss(ProblemType problemType, Targets targets) {
    return switch (problemType) {
      case SINGLE_LABEL_CLASSIFICATION ->
          new CrossEntropy(
              weights(problemType, targets.labels()),
              recipe.labelSmoothingFactor(),
              recipe.focalLossGamma());
      case MULTI_LABEL_CLASSIFICATION ->
          new BinaryCrossEntropy(weights(problemType, targets.labels()));
      case REGRESSION -> new MeanSquaredError();
    };
  }

  private List<Double> weights(ProblemType problemType, int[][] actual) {
    @Nullable JsonNode given = recipe.classWeights();
    if (given == null || given.isNull()) {
      return List.of();
    }
    return given.isObject() ? named(given) : balanced(problemType, actual);
  }

  private List<Double> named(JsonNode given) {
    List<Double> weights = new ArrayList<>();
    for (String name : labels.names()) {
      if (given.has(name)) {
        weights.add(given.get(name).doubleValue());
      }
    }
    if (weights.size() != labels.size() || given.size() != labels.size()) {
      throw new NunchiException(
          Reason.INVALID_RECIPE,
          "class_weights should have a weight for each of %s, but is %s"
              .formatted(String.join(", ", labels.names()), given));
    }
    return weights;
  }

  private List<Double> balanced(ProblemType problemType, int[][] actual) {
    double[] counts = new double[labels.size()];
    for (int[] ofText : actual) {
      for (int label : ofText) {
        counts[label]++;
      }
    }
    return Arrays.stream(counts)
        .map(count ->
            problemType == ProblemType.MULTI_LABEL_CLASSIFICATION
                ? (actual.length - count) / count
                : actual.length / (labels.size() * count))
        // A label without texts, or without any other, has no part in the balance.
        .map(weight -> weight == 0 || Double.isInfinite(weight) ? 1 : weight)
        .boxed()
        .toList();
  }
}
