package dev.nunchi.serve;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicLong;
import javax.security.auth.x500.X500Principal;

/// An authority that signs certificates, made for one test: X.509 version 3 (RFC 5280) with keys on
/// the curve P-256, written as DER by hand, as Java can read certificates but not make them.
public final class TestAuthority {
  private static final Duration VALID = Duration.ofDays(1);
  private static final AtomicLong SERIAL = new AtomicLong(System.nanoTime());
  private static final byte[] ECDSA_WITH_SHA256 =
      sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));

  private final X500Principal name;
  private final KeyPair keys = keys();

  public TestAuthority(String name) {
    this.name = new X500Principal("CN=" + name);
  }

  /// A certificate and its key, as PEM files.
  public record Issued(Path certificate, Path key) {}

  /// Writes the authority's own certificate.
  public Path write(Path file) {
    byte[] basicConstraints =
        extension(oid(0x55, 0x1d, 0x13), sequence(KeyEncoding.der(0x01, (byte) 0xff)));
    return pem(file, "CERTIFICATE", certificate(name, keys, VALID, basicConstraints));
  }

  /// Writes a certificate for `localhost` and its key to `NAME.pem` and `NAME.key`.
  public Issued issue(Path directory, String subject) {
    return issue(directory, subject, VALID);
  }

  /// As [#issue], but its time ended an hour ago.
  Issued issueExpired(Path directory, String subject) {
    return issue(directory, subject, Duration.ofHours(-1));
  }

  private Issued issue(Path directory, String subject, Duration left) {
    KeyPair subjectKeys = keys();
    byte[] localhost = KeyEncoding.der(0x82, "localhost".getBytes(StandardCharsets.US_ASCII));
    byte[] address = KeyEncoding.der(0x87, (byte) 127, (byte) 0, (byte) 0, (byte) 1);
    byte[] alternativeNames = extension(oid(0x55, 0x1d, 0x11), sequence(localhost, address));
    byte[] certificate =
        certificate(new X500Principal("CN=" + subject), subjectKeys, left, alternativeNames);
    return new Issued(
        pem(directory.resolve(subject + ".pem"), "CERTIFICATE", certificate),
        pem(
            directory.resolve(subject + ".key"),
            "PRIVATE KEY",
            subjectKeys.getPrivate().getEncoded()));
  }

  private byte[] certificate(
      X500Principal subject, KeyPair subjectKeys, Duration left, byte[] extension) {
    Instant now = Instant.now();
    byte[] content =
        sequence(
            KeyEncoding.der(0xa0, KeyEncoding.der(0x02, (byte) 2)),
            KeyEncoding.der(0x02, BigInteger.valueOf(SERIAL.incrementAndGet()).toByteArray()),
            ECDSA_WITH_SHA256,
            name.getEncoded(),
            sequence(time(now.minus(Duration.ofHours(2))), time(now.plus(left))),
            subject.getEncoded(),
            subjectKeys.getPublic().getEncoded(),
            KeyEncoding.der(0xa3, sequence(extension)));
    return sequence(content, ECDSA_WITH_SHA256, bits(signature(content)));
  }

  private byte[] signature(byte[] content) {
    try {
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(keys.getPrivate());
      signature.update(content);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyPair keys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] time(Instant instant) {
    String text =
        DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC).format(instant);
    return KeyEncoding.der(0x17, text.getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] extension(byte[] oid, byte[] value) {
    return sequence(oid, KeyEncoding.der(0x04, value));
  }

  private static byte[] oid(int... encoded) {
    byte[] bytes = new byte[encoded.length];
    for (int i = 0; i < encoded.length; i++) {
      bytes[i] = (byte) encoded[i];
    }
    return KeyEncoding.der(0x06, bytes);
  }

  private static byte[] bits(byte[] content) {
    return KeyEncoding.der(0x03, concatenated(new byte[] {0}, content));
  }

  private static byte[] sequence(byte[]... parts) {
    return KeyEncoding.der(0x30, concatenated(parts));
  }

  private static byte[] concatenated(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  private static Path pem(Path file, String kind, byte[] der) {
    try {
      Files.createDirectories(file.getParent());
      return Files.writeString(
          file,
          "-----BEGIN %s-----\n%s\n-----END %s-----\n"
              .formatted(
                  kind, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der), kind));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
