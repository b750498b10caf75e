package dev.nunchi.serve;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jose4j.jwk.EcJwkGenerator;
import org.jose4j.jwk.JsonWebKey.OutputControlLevel;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwk.RsaJwkGenerator;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.keys.EllipticCurves;
import org.jose4j.lang.JoseException;

/// Tokens as an identity provider issues them, and as strangers make them.
final class TestTokens {
  static final String AUDIENCE = "nunchi-test";

  private TestTokens() {}

  static PublicJsonWebKey rsaKey(String id) {
    try {
      PublicJsonWebKey key = RsaJwkGenerator.generateJwk(2048);
      key.setKeyId(id);
      return key;
    } catch (JoseException e) {
      throw new AssertionError(e);
    }
  }

  static PublicJsonWebKey ecKey(String id) {
    try {
      PublicJsonWebKey key = EcJwkGenerator.generateJwk(EllipticCurves.P256);
      key.setKeyId(id);
      return key;
    } catch (JoseException e) {
      throw new AssertionError(e);
    }
  }

  /// What a right token says: valid for ten minutes, for this audience, of `somebody`.
  static JwtClaims claims(String issuer) {
    JwtClaims claims = new JwtClaims();
    claims.setIssuer(issuer);
    claims.setAudience(AUDIENCE);
    claims.setSubject("somebody");
    claims.setExpirationTimeMinutesInTheFuture(10);
    claims.setNotBeforeMinutesInThePast(1);
    claims.setIssuedAtToNow();
    return claims;
  }

  static String signed(PublicJsonWebKey key, String algorithm, JwtClaims claims) {
    try {
      JsonWebSignature jws = new JsonWebSignature();
      jws.setPayload(claims.toJson());
      jws.setKey(key.getPrivateKey());
      jws.setAlgorithmHeaderValue(algorithm);
      if (key.getKeyId() != null) {
        jws.setKeyIdHeaderValue(key.getKeyId());
      }
      return jws.getCompactSerialization();
    } catch (JoseException e) {
      throw new AssertionError(e);
    }
  }

  static String part(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  /// One that is not signed at all.
  static String unsigned(String algorithm, String kid, JwtClaims claims) {
    return "%s.%s."
        .formatted(
            part("{\"alg\":\"%s\",\"kid\":\"%s\"}".formatted(algorithm, kid)),
            part(claims.toJson()));
  }

  /// Signed by HMAC with what everybody knows as the secret: the public key, in each of its forms.
  static List<String> signedWithThePublicKey(PublicJsonWebKey key, JwtClaims claims) {
    try {
      byte[] der = key.getPublicKey().getEncoded();
      String pem =
          "-----BEGIN PUBLIC KEY-----\n"
              + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
              + "\n-----END PUBLIC KEY-----\n";
      String jwk = key.toJson(OutputControlLevel.PUBLIC_ONLY);
      List<String> tokens = new ArrayList<>();
      for (byte[] secret :
          List.of(
              der, pem.getBytes(StandardCharsets.UTF_8), jwk.getBytes(StandardCharsets.UTF_8))) {
        String signed =
            part("{\"alg\":\"HS256\",\"kid\":\"%s\"}".formatted(key.getKeyId()))
                + "."
                + part(claims.toJson());
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret, "HmacSHA256"));
        byte[] signature = mac.doFinal(signed.getBytes(StandardCharsets.UTF_8));
        tokens.add(
            signed + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature));
      }
      return tokens;
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /// What strangers send in the place of a token, made of a right one.
  static List<String> hostile(String right) {
    String[] parts = right.split("\\.");
    String header = parts[0];
    String payload = parts[1];
    String signature = parts[2];
    List<String> tokens = new ArrayList<>();
    // Cut.
    for (int length : List.of(0, 1, header.length() - 1, header.length() + 1, right.length() - 1)) {
      tokens.add(right.substring(0, length));
    }
    tokens.add(header + ".." + signature);
    tokens.add("." + payload + "." + signature);
    tokens.add(header + "." + payload + ".");
    tokens.add("..");
    tokens.add("...");
    tokens.add(right + "." + signature);
    tokens.add(right + "." + signature + "." + signature);
    // No base64, or another one.
    tokens.add("!!!." + payload + "." + signature);
    tokens.add(header + ".%%%." + signature);
    tokens.add(header + "." + payload + ".~~~~");
    tokens.add(header + "=." + payload + "." + signature + "==");
    tokens.add("A.A.A");
    // Others than were signed.
    tokens.add(
        part("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"x\":1}") + "." + payload + "." + signature);
    tokens.add(header + "." + part("{\"sub\":\"admin\"}") + "." + signature);
    tokens.add(header + "." + payload + "." + part("\0".repeat(256)));
    tokens.add(header + "." + payload + "." + part("\0".repeat(64)));
    // No JSON, or too much of it.
    tokens.add(part("alg") + "." + payload + "." + signature);
    tokens.add(part("[]") + "." + payload + "." + signature);
    tokens.add(part("null") + "." + payload + "." + signature);
    tokens.add(part("{\"alg\":\"RS256\"") + "." + payload + "." + signature);
    tokens.add(part("{\"alg\":null,\"kid\":null}") + "." + payload + "." + signature);
    tokens.add(part("{\"alg\":[\"RS256\"],\"kid\":{}}") + "." + payload + "." + signature);
    tokens.add(part("{\"alg\":1e999999999,\"kid\":1e999999999}") + "." + payload + "." + signature);
    tokens.add(
        part("{\"alg\":\"RS256\",\"alg\":\"none\",\"kid\":\"rsa\"}")
            + "."
            + payload
            + "."
            + signature);
    tokens.add(part("{\"alg\":" + "[".repeat(5_000)) + "." + payload + "." + signature);
    tokens.add(
        part("{\"alg\":" + "{\"a\":".repeat(1_000) + "1" + "}".repeat(1_000) + "}")
            + "."
            + payload
            + "."
            + signature);
    tokens.add(
        part("{\"alg\":\"RS256\",\"kid\":\"" + "k".repeat(8_000) + "\"}") + "." + payload + ".AA");
    // Keys of their own, and headers that ask for work.
    tokens.add(
        part("{\"alg\":\"RS256\",\"jku\":\"http://127.0.0.1:1/keys\",\"kid\":\"rsa\"}")
            + "."
            + payload
            + "."
            + signature);
    tokens.add(
        part(
                "{\"alg\":\"RS256\",\"x5u\":\"http://127.0.0.1:1/\",\"x5c\":[\"AAAA\"],\"kid\":\"rsa\"}")
            + "."
            + payload
            + "."
            + signature);
    tokens.add(
        part("{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false,\"kid\":\"rsa\"}")
            + "."
            + payload
            + "."
            + signature);
    tokens.add(
        part(
                "{\"alg\":\"PBES2-HS512+A256KW\",\"enc\":\"A256GCM\",\"p2c\":2000000000,\"p2s\":\"AAAA\"}")
            + ".AAAA.AAAA.AAAA.AAAA");
    tokens.add(
        part("{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"zip\":\"DEF\"}") + ".AAAA.AAAA.AAAA.AAAA");
    tokens.add(
        part("{\"alg\":\"RS256\",\"cty\":\"JWT\",\"kid\":\"rsa\"}")
            + "."
            + part(right)
            + "."
            + signature);
    return tokens;
  }
}
