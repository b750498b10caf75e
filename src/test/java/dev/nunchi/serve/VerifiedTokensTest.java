package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.serve.Identity.Kind;
import dev.nunchi.serve.JwtVerifier.Taken;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class VerifiedTokensTest {
  private static final Taken TAKEN = new Taken(new Identity(Kind.SUBJECT, "a"), false, 100);

  private final VerifiedTokens tokens = new VerifiedTokens(3);

  @Test
  void find_untilItExpires_isThere() {
    tokens.add(digest(1), TAKEN);
    assertEquals(Optional.of(TAKEN), tokens.find(digest(1), 99));
    assertEquals(Optional.empty(), tokens.find(digest(2), 99));
    assertEquals(Optional.empty(), tokens.find(digest(1), 100));
    assertEquals(0, tokens.size());
  }

  @Test
  void add_moreThanTheMost_forgetsWhatWasNotAskedForLongest() {
    for (int i = 1; i <= 3; i++) {
      tokens.add(digest(i), TAKEN);
    }
    assertEquals(Optional.of(TAKEN), tokens.find(digest(1), 0));
    tokens.add(digest(4), TAKEN);
    assertEquals(3, tokens.size());
    assertEquals(Optional.empty(), tokens.find(digest(2), 0));
    assertEquals(Optional.of(TAKEN), tokens.find(digest(1), 0));
  }

  private static byte[] digest(int number) {
    return new byte[] {(byte) number, 2, 3};
  }
}
