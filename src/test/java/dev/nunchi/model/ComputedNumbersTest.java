package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ComputedNumbersTest {
  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void requireFinite_whatIsNoNumber_namesTheModel(float number) {
    NunchiException refusal =
        assertThrows(
            NunchiException.class,
            () -> ComputedNumbers.requireFinite(new float[] {1, number}, "models/small"));
    assertEquals(Reason.FAILED_CHECK, refusal.reason());
    assertEquals(
        "The model models/small computes "
            + number
            + " for a text: its weights are damaged, its training has diverged, or its numbers are"
            + " too large for its precision",
        refusal.getMessage());
  }

  @Test
  void requireFinite_numbers_passes() {
    assertDoesNotThrow(
        () -> ComputedNumbers.requireFinite(new float[] {0, -Float.MAX_VALUE}, "models/small"));
  }
}
