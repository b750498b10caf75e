package dev.nunchi.serve;

import static dev.nunchi.serve.TestTokens.claims;
import static dev.nunchi.serve.TestTokens.signed;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.serve.Identity.Kind;
import dev.nunchi.serve.JwtVerifier.Refused;
import dev.nunchi.serve.JwtVerifier.Taken;
import dev.nunchi.serve.JwtVerifier.UnknownKey;
import dev.nunchi.serve.JwtVerifier.Verdict;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jose4j.jwk.EcJwkGenerator;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.OctJwkGenerator;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwk.RsaJwkGenerator;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.NumericDate;
import org.jose4j.keys.EllipticCurves;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class JwtVerifierTest {
  private static final String ISSUER = "https://id.example/realm";
  private static final PublicJsonWebKey RSA = TestTokens.rsaKey("rsa");
  private static final PublicJsonWebKey EC = TestTokens.ecKey("ec");
  private static final PublicJsonWebKey STRANGER = TestTokens.rsaKey("rsa");
  private static final List<JsonWebKey> KEYS = JwtVerifier.usable(List.of(RSA, EC));

  private final JwtVerifier verifier =
      new JwtVerifier(
          new OidcSettings(
              URI.create(ISSUER),
              TestTokens.AUDIENCE,
              Optional.empty(),
              Optional.empty(),
              Optional.of("sentiment-admin"),
              Duration.ofMinutes(5)));

  @ParameterizedTest
  @ValueSource(strings = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
  void verify_rsa_isTaken(String algorithm) {
    Taken taken = taken(signed(RSA, algorithm, claims(ISSUER)));
    assertEquals(new Identity(Kind.SUBJECT, "somebody"), taken.caller());
    assertFalse(taken.admin());
    long left = taken.until() - NumericDate.now().getValue();
    assertTrue(left > 600 && left <= 631, "left: " + left);
  }

  @Test
  void verify_ellipticCurves_areTaken() throws Exception {
    taken(signed(EC, "ES256", claims(ISSUER)));
    PublicJsonWebKey p384 = EcJwkGenerator.generateJwk(EllipticCurves.P384);
    PublicJsonWebKey p521 = EcJwkGenerator.generateJwk(EllipticCurves.P521);
    // Without names, as each is the only one of its kind.
    List<JsonWebKey> keys = JwtVerifier.usable(List.of(p384, p521));
    assertInstanceOf(Taken.class, verifier.verify(signed(p384, "ES384", claims(ISSUER)), keys));
    assertInstanceOf(Taken.class, verifier.verify(signed(p521, "ES512", claims(ISSUER)), keys));
  }

  @Test
  void verify_claimsOfAnotherOrAnotherTime_areRefusedInWords() {
    refused("is of another issuer (iss)", claims -> claims.setIssuer(ISSUER + "/"));
    refused("is of another issuer (iss)", claims -> claims.unsetClaim("iss"));
    refused("is for another audience (aud)", claims -> claims.setAudience("other"));
    refused("is for another audience (aud)", claims -> claims.unsetClaim("aud"));
    refused(
        "has expired (exp)",
        claims -> {
          claims.setIssuedAt(in(-600));
          claims.setExpirationTime(in(-31));
        });
    refused("does not say when it expires (exp)", claims -> claims.unsetClaim("exp"));
    refused("is not valid yet (nbf)", claims -> claims.setNotBefore(in(35)));
    refused("has no subject (sub)", claims -> claims.unsetClaim("sub"));
    refused("has no subject (sub) of 1 to 255 characters", claims -> claims.setSubject(" "));
    refused(
        "has no subject (sub) of 1 to 255 characters",
        claims -> claims.setSubject("s".repeat(256)));
  }

  /// The clocks of two machines differ a little.
  @Test
  void verify_halfAMinuteOff_isTaken() {
    JwtClaims claims = claims(ISSUER);
    claims.setIssuedAt(in(-600));
    claims.setExpirationTime(in(-25));
    taken(signed(RSA, "RS256", claims));
    claims = claims(ISSUER);
    claims.setNotBefore(in(25));
    taken(signed(RSA, "RS256", claims));
  }

  @Test
  void verify_oneOfSeveralAudiences_isTaken() {
    JwtClaims claims = claims(ISSUER);
    claims.setAudience("other", TestTokens.AUDIENCE);
    taken(signed(RSA, "RS256", claims));
  }

  @Test
  void verify_withoutASignature_isRefused() {
    for (String algorithm : List.of("none", "None", "NONE", "", "RS256", "HS256")) {
      assertRefused(
          algorithm.equals("RS256")
              ? "is not signed by the key that it names"
              : "is not signed with an algorithm that is taken",
          verifier.verify(
              TestTokens.unsigned(algorithm, "rsa", claims(ISSUER))
                  + (algorithm.equals("RS256") ? "AA" : ""),
              KEYS));
    }
  }

  @Test
  void verify_hmacWithThePublicKey_isRefused() {
    for (PublicJsonWebKey key : List.of(RSA, EC)) {
      for (String token : TestTokens.signedWithThePublicKey(key, claims(ISSUER))) {
        assertRefused(
            "is not signed with an algorithm that is taken", verifier.verify(token, KEYS));
      }
    }
  }

  @Test
  void verify_keyOfAStranger_isRefused() {
    assertRefused(
        "is not signed by the key that it names",
        verifier.verify(signed(STRANGER, "RS256", claims(ISSUER)), KEYS));
  }

  @Test
  void verify_keyThatIsNotThere_isUnknown() {
    PublicJsonWebKey newer = TestTokens.rsaKey("newer");
    String token = signed(newer, "RS256", claims(ISSUER));
    assertEquals(new UnknownKey(), verifier.verify(token, KEYS));
    assertInstanceOf(Taken.class, verifier.verify(token, JwtVerifier.usable(List.of(RSA, newer))));
  }

  @Test
  void verify_noNameOfAKey_needsThatThereIsOne() {
    PublicJsonWebKey nameless = TestTokens.rsaKey("x");
    nameless.setKeyId(null);
    String token = signed(nameless, "RS256", claims(ISSUER));
    assertInstanceOf(Taken.class, verifier.verify(token, JwtVerifier.usable(List.of(nameless))));
    assertRefused(
        "does not name the key that signed it (kid), and there are several",
        verifier.verify(token, JwtVerifier.usable(List.of(nameless, STRANGER))));
  }

  @Test
  void verify_keyForAnotherAlgorithmOrUse_isNotTaken() throws Exception {
    PublicJsonWebKey pinned = TestTokens.rsaKey("pinned");
    pinned.setAlgorithm("RS512");
    String token = signed(pinned, "RS256", claims(ISSUER));
    assertRefused(
        "is signed with another algorithm than its key is for",
        verifier.verify(token, JwtVerifier.usable(List.of(pinned))));

    PublicJsonWebKey encrypting = TestTokens.rsaKey("encrypting");
    encrypting.setUse("enc");
    PublicJsonWebKey small = RsaJwkGenerator.generateJwk(1024);
    JsonWebKey secret = OctJwkGenerator.generateJwk(256);
    assertEquals(List.of(), JwtVerifier.usable(List.of(encrypting, small, secret)));
  }

  @Test
  void verify_adminRole_isFoundWhereProvidersPutIt() {
    Map<String, Object> places =
        Map.of(
            "scope", "openid sentiment-admin email",
            "scp", List.of("sentiment-admin"),
            "roles", List.of("a", "sentiment-admin"),
            "groups", List.of("sentiment-admin"),
            "realm_access", Map.of("roles", List.of("sentiment-admin")));
    places.forEach((claim, value) -> {
      JwtClaims claims = claims(ISSUER);
      claims.setClaim(claim, value);
      assertTrue(taken(signed(RSA, "RS256", claims)).admin(), claim);
    });
    Map<String, Object> others =
        Map.of(
            "scope",
            "sentiment-admins not-sentiment-admin",
            "scp",
            7,
            "roles",
            List.of(List.of("sentiment-admin")),
            "admin",
            "sentiment-admin",
            "realm_access",
            List.of("sentiment-admin"));
    others.forEach((claim, value) -> {
      JwtClaims claims = claims(ISSUER);
      claims.setClaim(claim, value);
      assertFalse(taken(signed(RSA, "RS256", claims)).admin(), claim);
    });
  }

  @Test
  void verify_whatStrangersMake_isRefusedAndNeverSaidAgain() {
    String right = signed(RSA, "RS256", claims(ISSUER));
    List<String> hostile = TestTokens.hostile(right);
    assertTrue(hostile.size() >= 30, "only " + hostile.size());
    for (String token : hostile) {
      Verdict verdict = verifier.verify(token, KEYS);
      assertFalse(verdict instanceof Taken, token);
      if (verdict instanceof Refused refused) {
        assertTrue(refused.why().length() < 100, refused.why());
        for (String part : token.split("\\.")) {
          assertFalse(part.length() > 3 && refused.why().contains(part), refused.why());
        }
      }
    }
    // Each byte of a right one counts.
    for (int i = 0; i < right.length(); i += 7) {
      char other = right.charAt(i) == 'A' ? 'B' : 'A';
      String changed = right.substring(0, i) + other + right.substring(i + 1);
      Verdict verdict = verifier.verify(changed, KEYS);
      assertFalse(verdict instanceof Taken, "at " + i);
    }
    taken(right);
  }

  @Test
  void isJwt_threePartsAlone() {
    assertTrue(JwtVerifier.isJwt("a.b.c"));
    assertTrue(JwtVerifier.isJwt("a.b."));
    for (String other : List.of("", "a", "a.b", ".b.c", "a..c", "a.b.c.d", "a.b.c.d.e")) {
      assertFalse(JwtVerifier.isJwt(other), other);
    }
  }

  private void refused(String why, Consumer<JwtClaims> change) {
    JwtClaims claims = claims(ISSUER);
    change.accept(claims);
    assertRefused(why, verifier.verify(signed(RSA, "RS256", claims), KEYS));
  }

  private static void assertRefused(String why, Verdict verdict) {
    String said = assertInstanceOf(Refused.class, verdict).why();
    assertTrue(said.startsWith(why), said);
  }

  private Taken taken(String token) {
    return assertInstanceOf(Taken.class, verifier.verify(token, KEYS));
  }

  private static NumericDate in(int seconds) {
    NumericDate date = NumericDate.now();
    date.addSeconds(seconds);
    return date;
  }
}
