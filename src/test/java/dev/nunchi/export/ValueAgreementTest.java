package dev.nunchi.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.export.Validation.ValuedText;
import dev.nunchi.model.Precision;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Values of fp32 that are evenly from -1 to 1 in texts of any order, moved by hand.
class ValueAgreementTest {
  private static final int TEXTS = 1000;
  private static final double SPREAD = 1 / Math.sqrt(3);

  @Test
  void of_movedValues_measuresThemByTheSpread() {
    ValueAgreement agreement = moved(i -> i < 3 ? 0.6 : i < 10 ? 0.2 : 0, 0.995);
    assertEquals(SPREAD, agreement.spread(), 1e-6);
    assertEquals(990, agreement.near());
    assertEquals(3, agreement.far());
    assertEquals((3 * 0.6 + 7 * 0.2) / TEXTS, agreement.relativeMove(), 1e-6);
    assertEquals(agreement.spread() * agreement.relativeMove(), agreement.change().move(), 1e-12);
  }

  @Test
  void holds_fiveInAThousandMoveByMoreThanATenth_butNoMore() {
    assertTrue(moved(i -> i < 5 ? 0.11 : 0, 0.995).holds());
    assertFalse(moved(i -> i < 6 ? 0.11 : 0, 0.995).holds());
    assertTrue(moved(i -> i < 6 ? 0.09 : 0, 0.995).holds());
  }

  /// Of texts that are drawn anew 99.7 % of 1,000 say with 80 % confidence that 99.5 % are near.
  @Test
  void holdsWithMargin_threeInAThousandMoveByMoreThanATenth_butNoMore() {
    assertTrue(moved(i -> i < 3 ? 0.11 : 0, 0.995).holdsWithMargin());
    assertFalse(moved(i -> i < 4 ? 0.11 : 0, 0.995).holdsWithMargin());
    assertFalse(moved(_ -> 0.031, 0.995).holdsWithMargin(), "all are near, but do not hold");
  }

  /// 20 texts say nothing of 99.5 %; of them all have to be near.
  @Test
  void holdsWithMargin_fewTexts_asksForAll() {
    double[] exact = Arrays.copyOf(exact(), 20);
    assertTrue(ValueAgreement.of(exact, exact, exact, 0.995).holdsWithMargin());
    double[] rounded = exact.clone();
    rounded[3] += 0.2;
    ValueAgreement one = ValueAgreement.of(exact, exact, rounded, 0.94);
    assertTrue(one.holds(), one::toString);
    assertFalse(one.holdsWithMargin());
  }

  @Test
  void holds_oneInAThousandMovesFar_butNoMore() {
    assertTrue(moved(i -> i < 1 ? 0.55 : 0, 0.995).holds());
    assertFalse(moved(i -> i < 2 ? 0.55 : 0, 0.995).holds());
  }

  /// No text leaves its place by much, but a mean over all of them would.
  @Test
  void holds_allMoveOneWay_butNotByMoreThanThreeHundredths() {
    assertTrue(moved(_ -> 0.029, 0.995).holds());
    ValueAgreement shifted = moved(_ -> 0.031, 0.995);
    assertEquals(TEXTS, shifted.near());
    assertFalse(shifted.holds());
  }

  /// Values that gather in two places, the order within which is lost.
  @Test
  void holds_orderIsLostWhereValuesGather_isNotHeld() {
    double[] exact = values(i -> (i % 2 == 0 ? -1 : 1) + 0.01 * i / TEXTS);
    double[] rounded = values(i -> (i % 2 == 0 ? -1 : 1) + 0.01 * (i * 7 % TEXTS) / TEXTS);
    ValueAgreement agreement = ValueAgreement.of(exact, exact, rounded, 0.995);
    assertEquals(TEXTS, agreement.near());
    assertTrue(agreement.relativeMove() < 0.01);
    assertTrue(agreement.change().rankCorrelation() < 0.9, agreement::toString);
    assertFalse(agreement.holds());
  }

  /// Each moves away from what people gave it.
  @Test
  void holds_meanAbsoluteErrorChanges_isNotHeld() {
    double[] exact = exact();
    double[] rounded = values(i -> exact[i] + (i % 2 == 0 ? 0.02 : -0.02) * SPREAD);
    double[] actual = values(i -> exact[i] - (i % 2 == 0 ? 0.1 : -0.1));
    ValueAgreement away = ValueAgreement.of(actual, exact, rounded, 0.995);
    assertEquals(0.02 * SPREAD, away.errorChange(), 1e-9);
    assertFalse(away.holds());
    double[] between = values(i -> exact[i] + (i % 4 < 2 ? 0.1 : -0.1));
    ValueAgreement both = ValueAgreement.of(between, exact, rounded, 0.995);
    assertEquals(0, both.errorChange(), 1e-9);
    assertTrue(both.holds());
  }

  @Test
  void accepted_less_letsAllFiguresChangeMore() {
    ValueAgreement agreement = moved(i -> i < 25 ? 0.2 : 0.05, 0.97);
    assertTrue(agreement.holds(), agreement::toString);
    assertEquals(0.97, agreement.figures(Precision.INT8).get("accepted_value_agreement_with_fp32"));
    assertEquals(
        List.of(
            "Int8 was accepted with 97.0 % of the values within a tenth of a standard deviation of"
                + " those of fp32, not 99.5 % (--accept-agreement); 975 of 1,000 validation texts"
                + " keep theirs."),
        agreement.notes(Precision.INT8));
    assertEquals(
        "it should be at least 97.0 %, at most 6, at most 18.0 %, at least 0.9400 and at most"
            + " 0.0173",
        agreement.wanted());
  }

  /// Else no model but fp32 itself would do.
  @Test
  void accepted_all_asksForAllNearAndNoMoreOfTheRest() {
    assertTrue(moved(_ -> 0.02, 1).holds());
    assertFalse(moved(i -> i < 1 ? 0.11 : 0, 1).holds());
  }

  @Test
  void refusal_tooFar_saysFiguresWhatWasWantedAndWhatToDo() {
    ValueAgreement agreement = moved(i -> i < 10 ? 0.2 : 0, 0.995);
    NunchiException e = assertThrows(NunchiException.class, agreement::require);
    assertEquals(Reason.FAILED_CHECK, e.reason());
    assertEquals(
        "on 1,000 validation texts, whose values in fp32 have a standard deviation of 0.5773,"
            + " 99.00 % move by at most a tenth of it, 0 by more than half of it, and the mean by"
            + " 0.20 % of it; the rank correlation with fp32 is 0.9998, and the mean absolute error"
            + " changes by -0.0002, from 2.0000 to 1.9998 (95 % interval 1.9991 to 2.0005); it"
            + " should be at least 99.5 %, at most 1, at most 3.0 %, at least 0.9900 and at most"
            + " 0.0029; --accept-agreement takes less",
        e.getMessage());
  }

  @Test
  void figures_all_areNamedAsInTheManifest() {
    assertEquals(
        List.of(
            "validation_mae_change_from_fp32",
            "validation_mae_in_int8_weight_only",
            "validation_mean_move_from_fp32",
            "validation_spearman_with_fp32",
            "validation_standard_deviation_in_fp32",
            "validation_value_agreement_with_fp32",
            "validation_values_far_from_fp32_count",
            "validation_with_fp32_count"),
        List.copyOf(moved(_ -> 0, 0.995).figures(Precision.INT8_WEIGHT_ONLY).keySet()));
  }

  @Test
  void of_oneValueForAllTexts_isRefused() {
    double[] same = values(_ -> 0.1);
    NunchiException e =
        assertThrows(NunchiException.class, () -> ValueAgreement.of(exact(), same, exact(), 0.995));
    assertEquals(Reason.FAILED_CHECK, e.reason());
    assertTrue(e.getMessage().endsWith("--validation takes texts of different values"));
  }

  /// A value is the logit over the temperature.
  @Test
  void gate_temperature_dividesTheLogits() {
    List<ValuedText> texts =
        Arrays.stream(exact()).mapToObj(value -> new ValuedText("text", value)).toList();
    Gate gate = new Gate.OfValues(2, texts, 0.995);
    List<float[]> exact = logits(exact(), 2);
    List<float[]> rounded = logits(values(i -> exact()[i] + 0.01), 2);
    List<Integer> places = IntStream.range(0, TEXTS).boxed().toList();
    ValueAgreement agreement = (ValueAgreement) gate.agreement(places, exact, rounded);
    assertEquals(0, agreement.exact().mean(), 1e-6);
    assertEquals(0.01, agreement.rounded().mean(), 1e-6);
    assertEquals(0.01, gate.move(exact, rounded), 1e-6);
  }

  @Test
  void gate_textsOfTheOtherKind_isAMistake() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            Gate.of(
                ExactLayerSearchTest.manifest(ProblemType.SINGLE_LABEL_CLASSIFICATION).task(),
                new Validation.Values(List.of()),
                0.995));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            Gate.of(
                ExactLayerSearchTest.manifest(ProblemType.REGRESSION).task(),
                Validation.NONE,
                0.995));
  }

  /// @param moves of each text, as a part of the spread
  private static ValueAgreement moved(IntToDoubleFunction moves, double accepted) {
    double[] exact = exact();
    double[] rounded = values(i -> exact[i] + moves.applyAsDouble(i) * SPREAD);
    // People's lie as often over as under both, so that the error stays but of what moves far.
    double[] actual = values(i -> exact[i] + (i / 2 % 2 == 0 ? 2 : -2));
    return ValueAgreement.of(actual, exact, rounded, accepted);
  }

  private static double[] exact() {
    // 389 has no divisor with 1,000 in common, so each value comes once.
    return values(i -> (2.0 * (i * 389 % TEXTS) + 1 - TEXTS) / TEXTS);
  }

  private static double[] values(IntToDoubleFunction value) {
    return IntStream.range(0, TEXTS).mapToDouble(value).toArray();
  }

  private static List<float[]> logits(double[] values, double temperature) {
    return Arrays.stream(values)
        .mapToObj(value -> new float[] {(float) (value * temperature)})
        .toList();
  }
}
