package dev.nunchi.serve;

import io.quarkus.tls.TlsConfigurationRegistry;
import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServerOptions;
import jakarta.inject.Singleton;

/// Asks callers for a certificate where the server knows an authority to hold it against: mutual
/// TLS. Quarkus itself has the switch for that only when it builds.
@Singleton
public final class ClientCertificates implements HttpServerOptionsCustomizer {
  private final TlsConfigurationRegistry registry;

  ClientCertificates(TlsConfigurationRegistry registry) {
    this.registry = registry;
  }

  @Override
  public void customizeHttpsServer(HttpServerOptions options) {
    boolean authority =
        registry.getDefault().map(tls -> tls.getTrustStoreOptions() != null).orElse(false);
    if (authority) {
      options.setClientAuth(ClientAuth.REQUIRED);
    }
  }
}
