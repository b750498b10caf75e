package dev.nunchi.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class RelativePositionsTest {
  private static final int MOST = 2048;

  /// With what `generate_relative_positions.py` wrote.
  @Test
  void row_ofEveryDistance_isThatOfTransformers() throws IOException {
    JsonNode tables =
        new ObjectMapper()
            .readTree(RelativePositionsTest.class.getResource("relative-positions.json"));
    assertTrue(tables.size() > 10);
    for (JsonNode table : tables) {
      RelativePositions positions =
          new RelativePositions(table.get("buckets").intValue(), table.get("reach").intValue(), 9);
      JsonNode changes = table.get("changes");
      int next = 0;
      int row = -1;
      for (int distance = -MOST; distance <= MOST; distance++) {
        if (next < changes.size() && changes.get(next).get(0).intValue() == distance) {
          row = changes.get(next++).get(1).intValue();
        }
        assertEquals(row, positions.row(distance), positions + ", " + distance);
      }
      assertEquals(changes.size(), next);
    }
  }

  @Test
  void rows_ofShorterText_areTheMiddleOfThoseOfTheLongest() {
    RelativePositions positions = new RelativePositions(6, 24, 24);
    for (boolean ofKeys : new boolean[] {false, true}) {
      DistanceScores scores = new DistanceScores(Linear.of("any", 4, 4), 2, positions, 1, ofKeys);
      long[] all = scores.rows(24);
      for (int seq = 1; seq <= 24; seq++) {
        assertArrayEquals(java.util.Arrays.copyOfRange(all, 24 - seq, 24 + seq), scores.rows(seq));
      }
    }
  }

  @Test
  void new_bucketsWithoutRoomForThem_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> new RelativePositions(8, 5, 24));
    assertThrows(IllegalArgumentException.class, () -> new RelativePositions(1, 24, 24));
    assertEquals(16, new RelativePositions(8, 6, 24).rows());
  }
}
