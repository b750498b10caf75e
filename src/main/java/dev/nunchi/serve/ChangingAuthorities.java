package dev.nunchi.serve;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509ExtendedTrustManager;

/// The authorities whose callers the server takes, which may be exchanged at any moment.
///
/// A caller may take up a session again that it had before, without a certificate; so whoever
/// serves it asks [#isTrusted].
final class ChangingAuthorities extends X509ExtendedTrustManager {
  private volatile X509ExtendedTrustManager now;

  /// [System#currentTimeMillis] when the authorities changed last; sessions from before were
  /// checked against others.
  private volatile long changedAt;

  ChangingAuthorities(TlsIdentity identity) {
    now = identity.trustManager();
    changedAt = 0;
  }

  void change(TlsIdentity identity) {
    now = identity.trustManager();
    changedAt = System.currentTimeMillis();
  }

  /// Whether the caller's certificate is one that is taken now.
  boolean isTrusted(SSLSession session) {
    if (session.getCreationTime() > changedAt) {
      return true;
    }
    try {
      if (session.getPeerCertificates() instanceof X509Certificate[] chain) {
        now.checkClientTrusted(chain, chain[0].getPublicKey().getAlgorithm());
        return true;
      }
      return false;
    } catch (CertificateException | SSLPeerUnverifiedException e) {
      return false;
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    now.checkClientTrusted(chain, kind);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    now.checkClientTrusted(chain, kind, socket);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    now.checkClientTrusted(chain, kind, engine);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    throw new CertificateException("The server is no client");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    throw new CertificateException("The server is no client");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("The server is no client");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return now.getAcceptedIssuers();
  }
}
