package dev.nunchi.bench;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/// The authorities whose certificates a caller believes.
public final class TrustedAuthorities {
  private final TrustManager[] managers;

  private TrustedAuthorities(TrustManager[] managers) {
    this.managers = managers;
  }

  /// @param file of certificates in PEM
  /// @throws NunchiException where it cannot be read, or holds none
  public static TrustedAuthorities read(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      Collection<? extends Certificate> certificates =
          CertificateFactory.getInstance("X.509").generateCertificates(in);
      if (certificates.isEmpty()) {
        throw new CertificateException("it holds none");
      }
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int number = 0;
      for (Certificate certificate : certificates) {
        store.setCertificateEntry("authority-" + number++, certificate);
      }
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      return new TrustedAuthorities(factory.getTrustManagers());
    } catch (IOException | GeneralSecurityException e) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "%s has no certificates in PEM that can be read (%s)".formatted(file, e.getMessage()),
          e);
    }
  }

  ChannelCredentials credentials() {
    return TlsChannelCredentials.newBuilder().trustManager(managers).build();
  }

  /// A new one, which knows no session of another's, so that its first handshake is a whole one.
  SSLContext context() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This Java has no TLS", e);
    }
  }
}
