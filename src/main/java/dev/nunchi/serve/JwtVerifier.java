package dev.nunchi.serve;

import dev.nunchi.serve.Identity.Kind;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jose4j.jwa.AlgorithmConstraints.ConstraintType;
import org.jose4j.jwk.EllipticCurveJsonWebKey;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.RsaJsonWebKey;
import org.jose4j.jwk.VerificationJwkSelector;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.MalformedClaimException;
import org.jose4j.jwt.consumer.ErrorCodes;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.jwx.JsonWebStructure;
import org.jose4j.lang.JoseException;

/// Holds a token of an identity provider against the provider's keys.
///
/// Taken is a JWT (RFC 7519) that one of the keys signed, with an algorithm of RSA or ECDSA, for
/// this audience, from this issuer, not too early and not too late, with a subject. What a token
/// itself says of keys (`jwk`, `jku`, `x5u`) counts for nothing. No message holds anything of a
/// token.
final class JwtVerifier {
  /// How much the clocks of the provider and of this machine may differ.
  static final int SKEW_SECONDS = 30;

  /// Of RSA and ECDSA alone: with HMAC whoever can verify can sign, and `none` is no signature.
  static final Set<String> ALGORITHMS =
      Set.of("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512");

  private static final int LEAST_RSA_BITS = 2048;
  private static final int LONGEST_SUBJECT = 255;
  private static final Set<String> CURVES = Set.of("P-256", "P-384", "P-521");

  /// Claims that hold scopes or roles, with those of one name on each level.
  private static final List<List<String>> ROLES =
      List.of(
          List.of("scope"),
          List.of("scp"),
          List.of("roles"),
          List.of("groups"),
          List.of("realm_access", "roles"));

  private final OidcSettings settings;

  JwtVerifier(OidcSettings settings) {
    this.settings = settings;
  }

  /// What comes of a token.
  sealed interface Verdict {}

  /// It is taken.
  ///
  /// @param admin whether its owner may do what administrators may
  /// @param until seconds since 1970 from which it is taken no more
  record Taken(Identity caller, boolean admin, long until) implements Verdict {}

  /// It is not taken.
  ///
  /// @param why to be told after "the token"
  record Refused(String why) implements Verdict {}

  /// It names a key that is not among these; newer ones may have it.
  record UnknownKey() implements Verdict {}

  /// The keys are not known yet.
  record NoKeys() implements Verdict {}

  /// Too many wait to be verified.
  record Busy() implements Verdict {}

  /// Whether it has the form of such a token: three parts.
  static boolean isJwt(String token) {
    int first = token.indexOf('.');
    int second = token.indexOf('.', first + 1);
    return first > 0 && second > first + 1 && token.indexOf('.', second + 1) < 0;
  }

  /// Those of a provider's keys by which tokens may be verified.
  static List<JsonWebKey> usable(List<JsonWebKey> keys) {
    return keys.stream()
        .filter(key -> key.getUse() == null || key.getUse().equals("sig"))
        .filter(key ->
            key instanceof RsaJsonWebKey rsa
                    && rsa.getRsaPublicKey().getModulus().bitLength() >= LEAST_RSA_BITS
                || key instanceof EllipticCurveJsonWebKey curve
                    && CURVES.contains(curve.getCurveName()))
        .toList();
  }

  /// @param keys as [#usable] gives them
  Verdict verify(String token, List<JsonWebKey> keys) {
    try {
      if (!isJwt(token)
          || !(JsonWebStructure.fromCompactSerialization(token) instanceof JsonWebSignature jws)) {
        return malformed();
      }
      String algorithm = jws.getAlgorithmHeaderValue();
      if (algorithm == null || !ALGORITHMS.contains(algorithm)) {
        return new Refused(
            "is not signed with an algorithm that is taken: RS, PS or ES with 256, 384 or 512");
      }
      List<JsonWebKey> fitting = new VerificationJwkSelector().selectList(jws, keys);
      if (fitting == null || fitting.isEmpty()) {
        return new UnknownKey();
      }
      if (fitting.size() > 1 && jws.getKeyIdHeaderValue() == null) {
        return new Refused("does not name the key that signed it (kid), and there are several");
      }
      JsonWebKey key = fitting.getFirst();
      if (key.getAlgorithm() != null && !key.getAlgorithm().equals(algorithm)) {
        return new Refused("is signed with another algorithm than its key is for");
      }
      return taken(claims(token, key));
    } catch (InvalidJwtException e) {
      return new Refused(why(e));
    } catch (JoseException | MalformedClaimException | RuntimeException | StackOverflowError e) {
      // Whatever a stranger can make of base64 and JSON; what it was stays here, as it may hold it.
      return malformed();
    }
  }

  private JwtClaims claims(String token, JsonWebKey key) throws InvalidJwtException {
    return new JwtConsumerBuilder()
        .setJwsAlgorithmConstraints(ConstraintType.PERMIT, ALGORITHMS.toArray(String[]::new))
        .setVerificationKey(key.getKey())
        .setExpectedIssuer(settings.issuer().toString())
        .setExpectedAudience(settings.audience())
        .setRequireExpirationTime()
        .setRequireSubject()
        .setAllowedClockSkewInSeconds(SKEW_SECONDS)
        .build()
        .processToClaims(token);
  }

  private Verdict taken(JwtClaims claims) throws MalformedClaimException {
    String subject = claims.getSubject();
    if (subject.isBlank() || subject.length() > LONGEST_SUBJECT) {
      return new Refused("has no subject (sub) of 1 to %d characters".formatted(LONGEST_SUBJECT));
    }
    return new Taken(
        new Identity(Kind.SUBJECT, subject),
        settings.adminRole().filter(role -> has(claims, role)).isPresent(),
        claims.getExpirationTime().getValue() + SKEW_SECONDS);
  }

  private static boolean has(JwtClaims claims, String role) {
    return ROLES.stream()
        .map(path -> value(claims.getClaimsMap(), path))
        .flatMap(Optional::stream)
        .anyMatch(value ->
            switch (value) {
              case String words -> List.of(words.split(" ")).contains(role);
              case List<?> all -> all.contains(role);
              default -> false;
            });
  }

  private static Optional<Object> value(Map<?, ?> claims, List<String> path) {
    Object value = claims;
    for (String name : path) {
      value = value instanceof Map<?, ?> map ? map.get(name) : null;
      if (value == null) {
        return Optional.empty();
      }
    }
    return Optional.of(value);
  }

  private static Refused malformed() {
    return new Refused("is no JWT that can be read");
  }

  private static String why(InvalidJwtException invalid) {
    if (invalid.hasErrorCode(ErrorCodes.SIGNATURE_INVALID)) {
      return "is not signed by the key that it names";
    }
    if (invalid.hasErrorCode(ErrorCodes.ISSUER_INVALID)
        || invalid.hasErrorCode(ErrorCodes.ISSUER_MISSING)) {
      return "is of another issuer (iss)";
    }
    if (invalid.hasErrorCode(ErrorCodes.AUDIENCE_INVALID)
        || invalid.hasErrorCode(ErrorCodes.AUDIENCE_MISSING)) {
      return "is for another audience (aud)";
    }
    if (invalid.hasErrorCode(ErrorCodes.EXPIRED)) {
      return "has expired (exp)";
    }
    if (invalid.hasErrorCode(ErrorCodes.EXPIRATION_MISSING)) {
      return "does not say when it expires (exp)";
    }
    if (invalid.hasErrorCode(ErrorCodes.NOT_YET_VALID)) {
      return "is not valid yet (nbf)";
    }
    if (invalid.hasErrorCode(ErrorCodes.SUBJECT_MISSING)) {
      return "has no subject (sub)";
    }
    return "is no JWT that can be read";
  }
}
