package dev.nunchi.export;

import dev.nunchi.ProblemType;
import dev.nunchi.export.Validation.LabelledText;
import dev.nunchi.export.Validation.ValuedText;
import dev.nunchi.model.Manifest;
import java.util.List;

/// What a rounded model has to keep of what fp32 answers: labels, or the values of a regression.
sealed interface Gate {
  /// @param accepted the least share of texts that have to keep it, in (0, 1]
  static Gate of(Manifest.Task task, Validation validation, double accepted) {
    boolean regression = task.problemType() == ProblemType.REGRESSION;
    return switch (validation) {
      case Validation.Labels(List<LabelledText> texts) when !regression ->
          new OfLabels(task, texts, accepted);
      case Validation.Values(List<ValuedText> texts) when regression ->
          new OfValues(task.temperature(), texts, accepted);
      case Validation.Labels _, Validation.Values _ ->
          throw new IllegalArgumentException(
              "Texts of another kind than " + task.problemType().configName());
    };
  }

  /// How a rounded model stands beside fp32 on some of the texts.
  ///
  /// @param places of the texts
  /// @param exact logits of fp32, in the order of the places
  /// @param rounded logits of the rounded model
  Agreement agreement(List<Integer> places, List<float[]> exact, List<float[]> rounded);

  /// How far rounding moves what is compared, in the mean over texts: the root of the mean square.
  ///
  /// @param exact logits of fp32
  /// @param rounded logits of the rounded model
  double move(List<float[]> exact, List<float[]> rounded);

  record OfLabels(Manifest.Task task, List<LabelledText> texts, double accepted) implements Gate {
    @Override
    public LabelAgreement agreement(
        List<Integer> places, List<float[]> exact, List<float[]> rounded) {
      return LabelAgreement.of(
          task, places.stream().map(texts::get).toList(), exact, rounded, accepted);
    }

    /// Of the logits.
    @Override
    public double move(List<float[]> exact, List<float[]> rounded) {
      return rootMeanSquare(exact, rounded);
    }
  }

  /// @param temperature that the logit is divided by, which gives the value
  record OfValues(double temperature, List<ValuedText> texts, double accepted) implements Gate {
    @Override
    public ValueAgreement agreement(
        List<Integer> places, List<float[]> exact, List<float[]> rounded) {
      return ValueAgreement.of(
          places.stream().mapToDouble(place -> texts.get(place).value()).toArray(),
          values(exact),
          values(rounded),
          accepted);
    }

    private double[] values(List<float[]> logits) {
      return logits.stream().mapToDouble(row -> row[0] / temperature).toArray();
    }

    /// Of the values.
    @Override
    public double move(List<float[]> exact, List<float[]> rounded) {
      return rootMeanSquare(exact, rounded) / temperature;
    }
  }

  private static double rootMeanSquare(List<float[]> exact, List<float[]> rounded) {
    double sum = 0;
    long count = 0;
    for (int text = 0; text < exact.size(); text++) {
      for (int i = 0; i < exact.get(text).length; i++) {
        double difference = exact.get(text)[i] - rounded.get(text)[i];
        sum += difference * difference;
        count++;
      }
    }
    return Math.sqrt(sum / count);
  }
}
