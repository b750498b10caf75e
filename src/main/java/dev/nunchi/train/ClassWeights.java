package dev.nunchi.train;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.torch.CrossEntropy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The weights of labels in the loss, as a recipe gives them.
///
/// `balanced` is scikit-learn's: texts over labels times texts of the label, so that all labels
/// weigh alike together.
final class ClassWeights {
  private ClassWeights() {}

  /// @param actual label of each training text
  /// @throws NunchiException `INVALID_RECIPE` where weights are not given for exactly the labels
  static CrossEntropy loss(Recipe.Loss recipe, LabelSet labels, int[] actual) {
    return new CrossEntropy(
        weights(recipe.classWeights(), labels, actual),
        recipe.labelSmoothingFactor(),
        recipe.focalLossGamma());
  }

  private static List<Double> weights(@Nullable JsonNode given, LabelSet labels, int[] actual) {
    if (given == null || given.isNull()) {
      return List.of();
    }
    return given.isObject() ? named(given, labels) : balanced(labels, actual);
  }

  private static List<Double> named(JsonNode given, LabelSet labels) {
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

  private static List<Double> balanced(LabelSet labels, int[] actual) {
    List<Double> weights = new ArrayList<>();
    for (int label = 0; label < labels.size(); label++) {
      int wanted = label;
      long count = Arrays.stream(actual).filter(one -> one == wanted).count();
      // A label without texts has no part in the loss.
      weights.add(count == 0 ? 1 : (double) actual.length / (labels.size() * count));
    }
    return weights;
  }
}
