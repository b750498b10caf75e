package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.tls.CertificateUpdatedEvent;
import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jboss.logging.Logger;

/// Has new connections use the certificates that lie in the files now. Files that do not fit
/// together, as while one of them is replaced and the other is not yet, are left alone.
///
/// Quarkus' own `quarkus.tls.reload-period` takes what it finds, and where it is set this stays
/// away.
@Singleton
final class TlsReload {
  private static final Logger LOG = Logger.getLogger(TlsReload.class);

  private final TlsConfigurationRegistry registry;
  private final Event<CertificateUpdatedEvent> updated;
  private final Reloads reloads;

  TlsReload(
      TlsConfigurationRegistry registry, Event<CertificateUpdatedEvent> updated, Reloads reloads) {
    this.registry = registry;
    this.updated = updated;
    this.reloads = reloads;
  }

  void started(@Observes StartupEvent event) {
    Config config = ConfigProvider.getConfig();
    Optional<Path> certificate = path(config, "quarkus.tls.key-store.pem.0.cert");
    Optional<Path> key = path(config, "quarkus.tls.key-store.pem.0.key");
    if (certificate.isEmpty()
        || key.isEmpty()
        || config.getOptionalValue("quarkus.tls.reload-period", String.class).isPresent()) {
      return;
    }
    if (!"disabled"
        .equalsIgnoreCase(
            config
                .getOptionalValue("quarkus.http.insecure-requests", String.class)
                .orElse("enabled"))) {
      LOG.warn(
          "The port without TLS stays open beside the one with it;"
              + " quarkus.http.insecure-requests=disabled closes it");
    }
    Optional<Path> authority =
        config
            .getOptionalValues("quarkus.tls.trust-store.pem.certs", String.class)
            .map(List::getFirst)
            .map(Path::of);
    TlsFiles files = new TlsFiles(certificate.get(), key.get(), authority);
    reloads.watch(files.all(), () -> reload(files));
  }

  private boolean reload(TlsFiles files) {
    try {
      files.check();
    } catch (NunchiException e) {
      LOG.errorf("%s; the certificate from before stays", e.getMessage());
      return false;
    }
    TlsConfiguration tls = registry.getDefault().orElseThrow();
    boolean loaded = tls.reload();
    if (loaded) {
      updated.fire(new CertificateUpdatedEvent("<default>", tls));
      LOG.infof("New connections get the certificate that %s holds now", files.certificate());
    } else {
      LOG.errorf(
          "The certificate in %s could not be loaded; the one from before stays",
          files.certificate());
    }
    return loaded;
  }

  private static Optional<Path> path(Config config, String key) {
    return config.getOptionalValue(key, String.class).map(Path::of);
  }
}
