package dev.nunchi.serve;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/// Who the server is, and whose callers it takes, at one moment.
///
/// @param chain the server's certificate, then those between it and its authority
/// @param authorities that sign callers' certificates; empty where callers need none
record TlsIdentity(List<X509Certificate> chain, PrivateKey key, List<X509Certificate> authorities) {
  private static final char[] NO_PASSWORD = {};

  TlsIdentity {
    chain = List.copyOf(chain);
    authorities = List.copyOf(authorities);
  }

  /// Shows the certificate.
  ///
  /// @param alias by which a handshake asks for it
  X509ExtendedKeyManager keyManager(String alias) {
    try {
      KeyStore store = emptyStore();
      store.setKeyEntry(alias, key, NO_PASSWORD, chain.toArray(X509Certificate[]::new));
      KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
      factory.init(store, NO_PASSWORD);
      for (KeyManager manager : factory.getKeyManagers()) {
        if (manager instanceof X509ExtendedKeyManager extended) {
          return extended;
        }
      }
      throw new IllegalStateException("SunX509 gives a manager of keys");
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("A key and its certificate were checked before", e);
    }
  }

  /// Takes callers whose certificate an authority signed.
  X509ExtendedTrustManager trustManager() {
    try {
      KeyStore store = emptyStore();
      for (int i = 0; i < authorities.size(); i++) {
        store.setCertificateEntry(Integer.toString(i), authorities.get(i));
      }
      TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
      factory.init(store);
      for (TrustManager manager : factory.getTrustManagers()) {
        if (manager instanceof X509ExtendedTrustManager extended) {
          return extended;
        }
      }
      throw new IllegalStateException("PKIX gives a manager of trust");
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("Certificates were checked before", e);
    }
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }
}
