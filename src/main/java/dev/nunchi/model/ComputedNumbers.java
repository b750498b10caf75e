package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;

/// What a network computed, which must be numbers: weights that are finite each may still give
/// infinities, and those no numbers.
public final class ComputedNumbers {
  private ComputedNumbers() {}

  /// @param numbers logits, or the input of a layer
  /// @param model what the user calls it: its directory or its name
  /// @throws NunchiException `FAILED_CHECK` naming the model, where one is infinite or no number
  public static void requireFinite(float[] numbers, String model) {
    for (float number : numbers) {
      if (!Float.isFinite(number)) {
        throw new NunchiException(
            Reason.FAILED_CHECK,
            ("The model %s computes %s for a text: its weights are damaged, its training has"
                    + " diverged, or its numbers are too large for its precision")
                .formatted(model, number));
      }
    }
  }
}
