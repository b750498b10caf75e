package dev.nunchi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NunchiExceptionTest {
  @Test
  void message_usual_staysAsItIs() {
    String message = "a".repeat(2_000);
    assertEquals(message, new NunchiException(Reason.INVALID_MODEL, message).getMessage());
  }

  /// Whichever half of a pair of surrogates the gap would begin or end with.
  @ParameterizedTest
  @ValueSource(strings = {"", "x", "xy"})
  void message_quotesSomethingLong_losesItsMiddle(String shift) {
    String message = "'precision' should be fp32, but is '" + shift + "🙂".repeat(50_000) + "'";
    String shown =
        NunchiException.ofField(Reason.INVALID_ARGUMENT, "precision", message).getMessage();
    assertTrue(shown.length() <= 2_000, () -> shown.length() + " characters");
    assertTrue(shown.startsWith("'precision' should be fp32, but is '" + shift + "🙂"), shown);
    assertTrue(shown.contains("🙂 … 🙂"), shown);
    assertTrue(shown.endsWith("🙂'"), shown);
    assertEquals(
        shown,
        new String(shown.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8),
        "no half of a pair");
  }
}
