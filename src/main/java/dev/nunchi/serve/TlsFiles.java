package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The PEM files of a server's TLS.
///
/// @param certificate the server's certificate, then those between it and its authority
/// @param key its private key without a password: PKCS #8, or the older forms of RSA (PKCS #1) and
///   of elliptic curves (SEC 1)
/// @param clientAuthorities the certificates of the authorities that sign callers' certificates; a
///   caller then needs one
public record TlsFiles(Path certificate, Path key, List<Path> clientAuthorities) {
  private static final Pattern PRIVATE_KEY =
      Pattern.compile(
          "-----BEGIN ((?:RSA |EC )?)PRIVATE KEY-----(.*?)-----END \\1PRIVATE KEY-----",
          Pattern.DOTALL);

  public TlsFiles {
    clientAuthorities = List.copyOf(clientAuthorities);
  }

  List<Path> all() {
    return Stream.concat(Stream.of(certificate, key), clientAuthorities.stream()).toList();
  }

  /// Whether a server can use them.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` if a file is missing or not what it should be, or
  ///   the key is another certificate's
  public void check() {
    read();
  }

  /// What the files hold now.
  ///
  /// @throws NunchiException as [#check]
  TlsIdentity read() {
    List<X509Certificate> chain = certificates("certificate", certificate);
    PublicKey publicKey = chain.getFirst().getPublicKey();
    PrivateKey privateKey = privateKey(publicKey);
    if (!match(privateKey, publicKey)) {
      throw refused("key", key, "it is not the key of the certificate in " + certificate);
    }
    return new TlsIdentity(
        chain,
        privateKey,
        clientAuthorities.stream()
            .flatMap(file -> certificates("client authority", file).stream())
            .toList());
  }

  /// The certificates in a file, at least one.
  ///
  /// @param what they are, for the message
  /// @throws NunchiException as [#check]
  static List<X509Certificate> certificates(String what, Path file) {
    String pem = content(what, file);
    if (!pem.contains("-----BEGIN CERTIFICATE-----")) {
      throw refused(what, file, "it holds no '-----BEGIN CERTIFICATE-----'");
    }
    try {
      Collection<? extends Certificate> read =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(
                  new ByteArrayInputStream(pem.getBytes(StandardCharsets.ISO_8859_1)));
      return read.stream().map(X509Certificate.class::cast).toList();
    } catch (CertificateException e) {
      throw refused(what, file, "a certificate in it is damaged");
    }
  }

  private PrivateKey privateKey(PublicKey publicKey) {
    String content = content("key", key);
    Matcher pem = PRIVATE_KEY.matcher(content);
    if (!pem.find() || content.contains("Proc-Type: 4,ENCRYPTED")) {
      throw refused(
          "key",
          key,
          "it holds no '-----BEGIN PRIVATE KEY-----', which is PKCS #8 without a password;"
              + " 'openssl pkcs8 -topk8 -nocrypt' makes it from another form (cert-manager:"
              + " 'privateKey: {encoding: PKCS8}')");
    }
    String algorithm = publicKey.getAlgorithm();
    try {
      byte[] encoded = Base64.getMimeDecoder().decode(pem.group(2));
      if (!pem.group(1).isEmpty()) {
        encoded = KeyEncoding.pkcs8(encoded, publicKey);
      }
      return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw refused(
          "key",
          key,
          "it is damaged, or not the key of the certificate in %s, which is of the kind %s"
              .formatted(certificate, algorithm));
    }
  }

  /// Whether what one signs the other verifies.
  private static boolean match(PrivateKey privateKey, PublicKey publicKey) {
    String algorithm =
        switch (publicKey.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> publicKey.getAlgorithm();
        };
    byte[] message = {1, 2, 3};
    try {
      Signature signer = Signature.getInstance(algorithm);
      signer.initSign(privateKey);
      signer.update(message);
      byte[] signature = signer.sign();
      Signature verifier = Signature.getInstance(algorithm);
      verifier.initVerify(publicKey);
      verifier.update(message);
      return verifier.verify(signature);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static String content(String what, Path file) {
    try {
      return new String(TextFile.read(file), StandardCharsets.ISO_8859_1);
    } catch (TextFile.Unreadable e) {
      throw refused(what, file, String.valueOf(e.getMessage()));
    }
  }

  private static NunchiException refused(String what, Path file, String why) {
    return new NunchiException(
        Reason.INVALID_ARGUMENT, "The TLS %s %s cannot be used: %s".formatted(what, file, why));
  }
}
