package dev.nunchi.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.util.Objects;
import org.junit.jupiter.api.function.Executable;

/// What the tests of this package say about errors.
final class Refusals {
  private Refusals() {}

  static NunchiException assertRefused(Reason reason, String part, Executable action) {
    NunchiException refusal = assertThrows(NunchiException.class, action);
    String message = Objects.requireNonNull(refusal.getMessage());
    assertEquals(reason, refusal.reason(), message);
    assertTrue(message.contains(part), () -> "'%s' has no '%s'".formatted(message, part));
    return refusal;
  }
}
