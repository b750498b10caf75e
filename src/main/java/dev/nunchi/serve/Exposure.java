package dev.nunchi.serve;

import io.quarkus.vertx.http.HttpServerStart;
import io.quarkus.vertx.http.HttpsServerStart;
import io.vertx.core.http.ClientAuth;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Singleton;
import java.util.Optional;
import org.jboss.logging.Logger;

/// Says in the log, once, what strangers can do with a server that listens at all addresses.
@Singleton
final class Exposure {
  private static final Logger LOG = Logger.getLogger(Exposure.class);

  private final boolean tokens;

  Exposure(ServeConfig config) {
    this.tokens = config.tokensFile().isPresent() || config.oidc().isPresent();
  }

  void listening(@ObservesAsync HttpServerStart event) {
    warn(new ServerAddress("http", event.options().getHost(), event.options().getPort()), false);
  }

  void listeningWithTls(@ObservesAsync HttpsServerStart event) {
    warn(
        new ServerAddress("https", event.options().getHost(), event.options().getPort()),
        event.options().getClientAuth() == ClientAuth.REQUIRED);
  }

  private void warn(ServerAddress address, boolean certificates) {
    if (address.isEverywhere()) {
      sentence(address.scheme().equals("https"), tokens || certificates).ifPresent(LOG::warn);
    }
  }

  /// @param tls whether texts are encrypted on the way
  /// @param known whether callers have to show who they are
  static Optional<String> sentence(boolean tls, boolean known) {
    if (!known) {
      return Optional.of(
          "Everyone who reaches this machine may call: there are no tokens (--tokens)"
              + (tls ? "" : " and no TLS (--tls-cert)")
              + "; --host 127.0.0.1 takes calls from this machine alone");
    }
    return tls
        ? Optional.empty()
        : Optional.of(
            "Tokens and texts can be read on their way, unless a proxy before the server encrypts"
                + " them: there is no TLS (--tls-cert)");
  }
}
