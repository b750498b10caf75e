package dev.nunchi.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.model.CheckpointDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PlainOpsTest {
  @ParameterizedTest
  @EnumSource
  void logits_tinyCheckpoint_equalThoseOfTransformers(TinyCheckpoint tiny) {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(tiny.path())) {
      for (TinyCheckpoint.Case expected : tiny.cases()) {
        double[][] logits =
            PlainOps.logits(checkpoint.network(), checkpoint.weights(), expected.batch());
        for (int row = 0; row < logits.length; row++) {
          assertArrayEquals(expected.logits()[row], logits[row], 1e-5, expected.name());
        }
      }
    }
  }

  /// Values of Abramowitz and Stegun, table 7.1.
  @Test
  void erf_knownValues_areExact() {
    assertEquals(0.5204998778130465, PlainOps.erf(0.5), 1e-15);
    assertEquals(-0.8427007929497149, PlainOps.erf(-1), 1e-15);
    assertEquals(0.9953222650189527, PlainOps.erf(2), 1e-15);
    assertEquals(1, PlainOps.erf(7), 0);
  }
}
