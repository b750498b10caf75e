package dev.nunchi.eval;

import static dev.nunchi.eval.ReportFixture.TOLERANCE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.eval.ReportFixture.Case;
import dev.nunchi.eval.ReportFixture.Figures;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class CalibrationTest {
  static List<Case> cases() throws IOException {
    return ReportFixture.load();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void of_beforeAndAfterTemperature_equalsScikitLearn(Case fixture) {
    assertFigures(fixture.before(), Calibration.of(fixture.actual(), fixture.logits(), 1));
    assertFigures(
        fixture.after(), Calibration.of(fixture.actual(), fixture.logits(), fixture.temperature()));
  }

  @Test
  void of_fittedTemperature_lessensLogLossAndCalibrationError() throws IOException {
    Case fixture = ReportFixture.load("three classes");
    double temperature = Temperature.fit(fixture.actual(), fixture.logits());
    Calibration before = Calibration.of(fixture.actual(), fixture.logits(), 1);
    Calibration after = Calibration.of(fixture.actual(), fixture.logits(), temperature);
    assertTrue(after.logLoss() < before.logLoss());
    assertTrue(
        after.reliability().expectedCalibrationError()
            < before.reliability().expectedCalibrationError());
  }

  @Test
  void reliability_boundsOfBins_areOpenBelowAndClosedAbove() {
    Reliability reliability =
        Reliability.of(new double[] {0, 0.2, Math.nextUp(0.2), 1}, new boolean[4]);
    assertEquals(
        List.of(0.0, 2.0 / 15, 3.0 / 15, 14.0 / 15),
        reliability.bins().stream().map(Reliability.Bin::low).toList());
    assertEquals(1.0, reliability.bins().getLast().high());
  }

  @Test
  void reliability_noAnswers_hasNoErrors() {
    Reliability none = Reliability.of(new double[0], new boolean[0]);
    assertEquals(0, none.expectedCalibrationError());
    assertEquals(0, none.maximumCalibrationError());
  }

  @Test
  void reliability_noProbabilityOrUnequalLengths_isRefused() {
    boolean[] one = {true};
    double[] notANumber = {Double.NaN};
    double[] overOne = {1.5};
    double[] two = {0.5, 0.5};
    assertThrows(IllegalArgumentException.class, () -> Reliability.of(notANumber, one));
    assertThrows(IllegalArgumentException.class, () -> Reliability.of(overOne, one));
    assertThrows(IllegalArgumentException.class, () -> Reliability.of(two, one));
  }

  static void assertFigures(Figures expected, Calibration found) {
    assertEquals(expected.logLoss(), found.logLoss(), TOLERANCE);
    assertEquals(expected.brierScore(), found.brierScore(), TOLERANCE);
    Reliability reliability = found.reliability();
    assertEquals(
        expected.expectedCalibrationError(), reliability.expectedCalibrationError(), TOLERANCE);
    assertEquals(
        expected.maximumCalibrationError(), reliability.maximumCalibrationError(), TOLERANCE);
    List<Reliability.Bin> bins = reliability.bins();
    assertArrayEquals(expected.counts(), bins.stream().mapToLong(Reliability.Bin::count).toArray());
    assertArrayEquals(
        expected.confidences(),
        bins.stream().mapToDouble(Reliability.Bin::confidence).toArray(),
        TOLERANCE);
    assertArrayEquals(
        expected.accuracies(),
        bins.stream().mapToDouble(Reliability.Bin::accuracy).toArray(),
        TOLERANCE);
  }
}
