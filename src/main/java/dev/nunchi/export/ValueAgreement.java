package dev.nunchi.export;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.eval.RegressionResult;
import dev.nunchi.model.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// How a rounded regression stands beside the one in fp32 on texts with values.
///
/// What a value says, it says beside those of other texts, so what rounding moves is measured by
/// the spread of these: the standard deviation of what fp32 gives.
///
/// @param texts how many were compared
/// @param spread of the values of fp32, over 0
/// @param near texts whose value moves by at most [#NEAR] of the spread
/// @param far texts whose value moves by more than [#FAR] of it
/// @param change what the values of the rounded model are when measured against those of fp32
/// @param exact what the values of fp32 are when measured against people's
/// @param rounded the same of the rounded model
/// @param accepted the least share of texts that have to be near
record ValueAgreement(
    int texts,
    double spread,
    int near,
    int far,
    Change change,
    AbsoluteError exact,
    AbsoluteError rounded,
    double accepted)
    implements Agreement {
  /// Half of what is called a small effect (Cohen, 1988, *Statistical Power Analysis for the
  /// Behavioral Sciences*, 2.2), as a part of the spread.
  static final double NEAR = 0.1;

  /// A medium effect: another value.
  static final double FAR = 0.5;

  /// The most texts that may move far, as a share of all; one may in any case.
  static final double MOST_FAR = 0.001;

  /// How far values may move in the mean, as a part of the spread: about as far as the nearest 99.5
  /// % do where moves are normal, and less than where all move one way.
  static final double MOST_MOVE = 0.03;

  /// What the rank correlation may miss of 1.
  static final double MOST_RANK_LOSS = 0.01;

  /// How far mean absolute errors may lie apart, as a part of the spread.
  static final double MOST_ERROR_CHANGE = 0.005;

  /// @param move mean of how far a value moves, in either direction
  /// @param rankCorrelation Spearman's
  record Change(double move, double rankCorrelation) {}

  /// A mean absolute error with its 95 % interval.
  record AbsoluteError(double mean, double low, double high) {}

  /// @param actual what people gave the texts
  /// @param exact values of fp32, in the order of the texts
  /// @param rounded values of the rounded model
  /// @param accepted the least share of texts that have to be near
  /// @throws NunchiException `FAILED_CHECK` where fp32 gives these texts one value, so that there
  ///   is nothing to measure by
  static ValueAgreement of(double[] actual, double[] exact, double[] rounded, double accepted) {
    double spread = spread(exact);
    if (spread == 0) {
      throw new NunchiException(
          Reason.FAILED_CHECK,
          String.format(
              Locale.ROOT,
              "fp32 gives one value, %.4f, for each of %,d validation texts, so that nothing says"
                  + " how far another may lie from it; --validation takes texts of different"
                  + " values",
              exact[0],
              exact.length));
    }
    double[] moves =
        IntStream.range(0, exact.length)
            .mapToDouble(i -> Math.abs(rounded[i] - exact[i]) / spread)
            .toArray();
    Map<String, Double> change = RegressionResult.of(exact, rounded).metrics();
    return new ValueAgreement(
        exact.length,
        spread,
        (int) Arrays.stream(moves).filter(move -> move <= NEAR).count(),
        (int) Arrays.stream(moves).filter(move -> move > FAR).count(),
        new Change(figure(change, "mae"), figure(change, "spearman")),
        error(actual, exact),
        error(actual, rounded),
        accepted);
  }

  private static double spread(double[] values) {
    if (Arrays.stream(values).allMatch(value -> value == values[0])) {
      // Not what is left of the mean's rounding.
      return 0;
    }
    double mean = Arrays.stream(values).average().orElseThrow();
    return Math.sqrt(
        Arrays.stream(values)
            .map(value -> (value - mean) * (value - mean))
            .average()
            .orElseThrow());
  }

  private static AbsoluteError error(double[] actual, double[] answers) {
    Map<String, Double> metrics = RegressionResult.of(actual, answers).metrics();
    return new AbsoluteError(
        figure(metrics, "mae"), figure(metrics, "mae_low"), figure(metrics, "mae_high"));
  }

  private static double figure(Map<String, Double> metrics, String name) {
    return Objects.requireNonNull(metrics.get(name), name);
  }

  @Override
  public int kept() {
    return near;
  }

  double nearShare() {
    return (double) near / texts;
  }

  /// As a part of the spread.
  double relativeMove() {
    return change.move() / spread;
  }

  double errorChange() {
    return rounded.mean() - exact.mean();
  }

  /// By how much more may change than by default; who wants more texts near wants no more than
  /// that.
  private double slack() {
    return Math.max(1, (1 - accepted) / (1 - ExportOptions.LEAST_AGREEMENT));
  }

  private int mostFar() {
    return (int) Math.max(1, Math.floor(MOST_FAR * slack() * texts));
  }

  private double mostMove() {
    return MOST_MOVE * slack();
  }

  private double leastRankCorrelation() {
    return 1 - MOST_RANK_LOSS * slack();
  }

  private double mostErrorChange() {
    return MOST_ERROR_CHANGE * slack() * spread;
  }

  @Override
  public boolean holds() {
    return nearShare() >= accepted - 1e-12
        && far <= mostFar()
        && relativeMove() <= mostMove()
        && change.rankCorrelation() >= leastRankCorrelation()
        && Math.abs(errorChange()) <= mostErrorChange();
  }

  @Override
  public String sentence() {
    return String.format(
        Locale.ROOT,
        "on %,d validation texts, whose values in fp32 have a standard deviation of %.4f, %.2f %%"
            + " move by at most a tenth of it, %d by more than half of it, and the mean by %.2f %%"
            + " of it; the rank correlation with fp32 is %.4f, and the mean absolute error changes"
            + " by %+.4f, from %.4f to %.4f (95 %% interval %.4f to %.4f)",
        texts,
        spread,
        100 * nearShare(),
        far,
        100 * relativeMove(),
        change.rankCorrelation(),
        errorChange(),
        exact.mean(),
        rounded.mean(),
        rounded.low(),
        rounded.high());
  }

  @Override
  public String wanted() {
    return String.format(
        Locale.ROOT,
        "it should be at least %s %%, at most %d, at most %.1f %%, at least %.4f and at most %.4f",
        Agreement.percent(accepted),
        mostFar(),
        100 * mostMove(),
        leastRankCorrelation(),
        mostErrorChange());
  }

  @Override
  public List<String> notes(Precision precision) {
    List<String> notes = new ArrayList<>();
    String name = Agreement.sentenceName(precision);
    if (accepted < ExportOptions.LEAST_AGREEMENT) {
      notes.add(
          String.format(
              Locale.ROOT,
              "%s was accepted with %s %% of the values within a tenth of a standard deviation of"
                  + " those of fp32, not %.1f %% (--accept-agreement); %,d of %,d validation texts"
                  + " keep theirs.",
              name,
              Agreement.percent(accepted),
              100 * ExportOptions.LEAST_AGREEMENT,
              near,
              texts));
    }
    if (texts < ENOUGH_TEXTS) {
      notes.add(
          String.format(
              Locale.ROOT,
              "%s was compared with fp32 on %,d texts, of which %,d keep their value within a tenth"
                  + " of a standard deviation; fewer than %,d cannot show that %.1f %% do.",
              name,
              texts,
              near,
              ENOUGH_TEXTS,
              100 * ExportOptions.LEAST_AGREEMENT));
    }
    return notes;
  }

  @Override
  public Map<String, Double> figures(Precision precision) {
    Map<String, Double> figures = new TreeMap<>();
    figures.put("validation_value_agreement_with_fp32", nearShare());
    figures.put("validation_values_far_from_fp32_count", (double) far);
    figures.put("validation_mean_move_from_fp32", change.move());
    figures.put("validation_standard_deviation_in_fp32", spread);
    figures.put("validation_spearman_with_fp32", change.rankCorrelation());
    figures.put("validation_mae_change_from_fp32", errorChange());
    figures.put("validation_mae_in_" + precision.manifestName().replace('-', '_'), rounded.mean());
    figures.put("validation_with_fp32_count", (double) texts);
    if (accepted < ExportOptions.LEAST_AGREEMENT) {
      figures.put("accepted_value_agreement_with_fp32", accepted);
    }
    return figures;
  }
}
