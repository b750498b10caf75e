package dev.nunchi;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/// What the logits of a classifier mean; named as in `problem_type` of a Hugging Face
/// `config.json`.
public enum ProblemType {
  /// One label for each text: softmax, cross-entropy.
  SINGLE_LABEL_CLASSIFICATION {
    @Override
    public double[] probabilities(double[] logits, double temperature) {
      double largest = Arrays.stream(logits).max().orElseThrow();
      double[] powers =
          Arrays.stream(logits).map(logit -> Math.exp((logit - largest) / temperature)).toArray();
      double sum = Arrays.stream(powers).sum();
      return Arrays.stream(powers).map(power -> power / sum).toArray();
    }

    @Override
    public List<Integer> predicted(List<Double> probabilities) {
      int best = 0;
      for (int i = 1; i < probabilities.size(); i++) {
        if (probabilities.get(i) > probabilities.get(best)) {
          best = i;
        }
      }
      return List.of(best);
    }
  },
  /// Any number of labels for each text: a sigmoid and binary cross-entropy for each label.
  MULTI_LABEL_CLASSIFICATION {
    @Override
    public double[] probabilities(double[] logits, double temperature) {
      return Arrays.stream(logits).map(logit -> sigmoid(logit / temperature)).toArray();
    }

    @Override
    public List<Integer> predicted(List<Double> probabilities) {
      return IntStream.range(0, probabilities.size())
          .filter(i -> probabilities.get(i) >= THRESHOLD)
          .boxed()
          .toList();
    }
  },
  /// A value for each text, such as its polarity: the one logit itself, squared error.
  REGRESSION {
    @Override
    public double[] probabilities(double[] logits, double temperature) {
      return Arrays.stream(logits).map(logit -> logit / temperature).toArray();
    }

    @Override
    public List<Integer> predicted(List<Double> probabilities) {
      return List.of(0);
    }
  };

  /// The probability from which on a label is predicted, where a text has any number of them.
  public static final double THRESHOLD = 0.5;

  /// The probability of each label; of a regression the value.
  ///
  /// @param temperature over 0; the logits are divided by it (Guo et al., 2017,
  ///   <https://arxiv.org/abs/1706.04599>)
  public abstract double[] probabilities(double[] logits, double temperature);

  /// The labels that a text gets: the most probable one, of equal ones the first; or all from
  /// [#THRESHOLD] on, which may be none. Of a regression its one label, which names the value.
  ///
  /// @return indices into `probabilities`, ascending
  public abstract List<Integer> predicted(List<Double> probabilities);

  /// Whether a model of this type may have so many labels: a regression has one, which names its
  /// value, and of a single label nothing would be to be told apart.
  public boolean takes(int labels) {
    return switch (this) {
      case SINGLE_LABEL_CLASSIFICATION -> labels >= 2;
      case MULTI_LABEL_CLASSIFICATION -> labels >= 1;
      case REGRESSION -> labels == 1;
    };
  }

  /// The name in `config.json`, for example `single_label_classification`.
  public String configName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// In the form that does not overflow.
  private static double sigmoid(double x) {
    double power = Math.exp(-Math.abs(x));
    return x >= 0 ? 1 / (1 + power) : power / (1 + power);
  }
}
