package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.sentiment.v1.BatchClassifyRequest;
import java.io.ByteArrayInputStream;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WireFieldsTest {
  private static final int TIMES = 100;

  /// Wherever in a message counting stops.
  @ParameterizedTest
  @CsvSource({
    "0a 00, 1",
    "0a 04 08 00 08 00, 3",
    "0a 06 3a 04 08 00 08 00, 4",
    "9b 06 98 06 00 98 06 00 9c 06, 4"
  })
  void fields_repeated_areCountedToTheLast(String field, int each) {
    String repeated = (field + " ").repeat(TIMES);
    int all = TIMES * each;
    for (int most = 0; most < all; most++) {
      assertTrue(areMoreThan(most, repeated), "more than " + most);
    }
    assertFalse(areMoreThan(all, repeated));
  }

  /// A group in which lies all the rest.
  @Test
  void fields_inOneGroup_areCounted() {
    String group = "9b 06 " + "98 06 00 ".repeat(TIMES) + "9c 06";
    assertTrue(areMoreThan(TIMES + 1, group));
    assertFalse(areMoreThan(TIMES + 2, group));
  }

  @Test
  void message_afterwards_isWhereItWas() {
    ByteArrayInputStream message = new ByteArrayInputStream(new byte[] {10, 0, 10, 0});
    WireFields.areMoreThan(1, message, BatchClassifyRequest.getDescriptor());
    assertEquals(4, message.available());
  }

  private static boolean areMoreThan(int most, String hex) {
    return WireFields.areMoreThan(
        most,
        new ByteArrayInputStream(HexFormat.ofDelimiter(" ").parseHex(hex.strip())),
        BatchClassifyRequest.getDescriptor());
  }
}
