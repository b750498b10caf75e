package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class ExposureTest {
  @Test
  void sentence_ofWhatIsMissing_namesWhatHelps() {
    assertEquals(Optional.empty(), Exposure.sentence(true, true));
    String open = Exposure.sentence(false, false).orElseThrow();
    assertTrue(open.contains("--tokens") && open.contains("--tls-cert"), open);
    String encrypted = Exposure.sentence(true, false).orElseThrow();
    assertTrue(encrypted.contains("--tokens") && !encrypted.contains("--tls-cert"), encrypted);
    String readable = Exposure.sentence(false, true).orElseThrow();
    assertTrue(readable.contains("--tls-cert"), readable);
    assertFalse(readable.contains("may call"), readable);
  }
}
