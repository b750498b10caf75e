package dev.nunchi.serve;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.TrustOptions;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;
import javax.net.ssl.SSLSession;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Has new connections use the certificates that lie in the files now. Files that do not fit
/// together, as while one of them is replaced and the other is not yet, are left alone.
///
/// The files are those of Quarkus' settings for one certificate. Where `quarkus.tls.reload-period`
/// is set, or there are several certificates, this stays away and Quarkus does what it does.
@Singleton
public final class TlsReload implements HttpServerOptionsCustomizer {
  private static final Logger LOG = Logger.getLogger(TlsReload.class);
  private static final String STORE = "quarkus.tls.key-store.pem.";

  // Before everything that may answer, and after what belongs to a connection.
  private static final int PRIORITY = 1900;

  private final Reloads reloads;
  private final @Nullable TlsFiles files;
  private volatile @Nullable ChangingKeys keys;
  private volatile @Nullable ChangingAuthorities authorities;

  TlsReload(Reloads reloads) {
    this.reloads = reloads;
    this.files = files(ConfigProvider.getConfig()).orElse(null);
  }

  /// Gives the port managers of keys and of trust that can be exchanged while it is open.
  @Override
  public void customizeHttpsServer(HttpServerOptions options) {
    if (files == null) {
      return;
    }
    TlsFiles watched = files;
    // First, so that a change during the reading is seen.
    reloads.watch(watched.all(), () -> reload(watched), "the certificate from before stays");
    TlsIdentity identity = watched.read();
    keys = new ChangingKeys(identity);
    options.setKeyCertOptions(KeyCertOptions.wrap(keys));
    if (!watched.clientAuthorities().isEmpty()) {
      authorities = new ChangingAuthorities(identity);
      options.setTrustOptions(TrustOptions.wrap(authorities));
      options.setClientAuth(ClientAuth.REQUIRED);
    }
  }

  void register(@Observes Filters filters) {
    if (files != null && !files.clientAuthorities().isEmpty()) {
      filters.register(this::check, PRIORITY);
    }
  }

  void started(@Observes StartupEvent event) {
    if (files != null && !"disabled".equalsIgnoreCase(insecureRequests())) {
      LOG.warn(
          "The port without TLS stays open beside the one with it;"
              + " quarkus.http.insecure-requests=disabled closes it");
    }
  }

  private void check(RoutingContext context) {
    @Nullable SSLSession session = context.request().sslSession();
    if (authorities != null && session != null && !authorities.isTrusted(session)) {
      context.request().connection().close();
    } else {
      context.next();
    }
  }

  private void reload(TlsFiles watched) {
    TlsIdentity identity = watched.read();
    if (keys != null) {
      keys.change(identity);
    }
    if (authorities != null) {
      authorities.change(identity);
    }
    LOG.infof("New connections get the certificate that %s holds now", watched.certificate());
  }

  /// Empty where certificates are not this one's business.
  private static Optional<TlsFiles> files(Config config) {
    Optional<Path> certificate = path(config, STORE + "0.cert");
    Optional<Path> key = path(config, STORE + "0.key");
    boolean others =
        StreamSupport.stream(config.getPropertyNames().spliterator(), false)
            .anyMatch(name -> name.startsWith(STORE) && !name.startsWith(STORE + "0."));
    if (certificate.isEmpty()
        || key.isEmpty()
        || others
        || config.getOptionalValue("quarkus.tls.reload-period", String.class).isPresent()) {
      return Optional.empty();
    }
    List<Path> authorities =
        config
            .getOptionalValues("quarkus.tls.trust-store.pem.certs", String.class)
            .orElse(List.of())
            .stream()
            .map(Path::of)
            .toList();
    return Optional.of(new TlsFiles(certificate.get(), key.get(), authorities));
  }

  private static String insecureRequests() {
    return ConfigProvider.getConfig()
        .getOptionalValue("quarkus.http.insecure-requests", String.class)
        .orElse("enabled");
  }

  private static Optional<Path> path(Config config, String key) {
    return config.getOptionalValue(key, String.class).map(Path::of);
  }
}
