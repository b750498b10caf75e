package dev.nunchi.serve;

import dev.nunchi.serve.TestAuthority.Issued;
import io.quarkus.test.junit.QuarkusTestProfile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.eclipse.microprofile.config.ConfigProvider;

/// A server that asks for tokens and serves with TLS alone, with the settings that the command line
/// makes of `--tls-cert` and `--tls-key`.
public class TlsServer implements QuarkusTestProfile {
  @Override
  public Map<String, String> getConfigOverrides() {
    try {
      Path directory = Files.createTempDirectory("nunchi-tls");
      TestAuthority authority = new TestAuthority("authority");
      authority.write(directory.resolve("authority.pem"));
      Issued server = authority.issue(directory, "server");
      authority.issue(directory, "client");
      authority.issueExpired(directory, "expired");
      TestAuthority stranger = new TestAuthority("stranger");
      stranger.write(directory.resolve("stranger.pem"));
      stranger.issue(directory, "foreign");
      Files.writeString(directory.resolve("tokens"), GuardedServer.TOKEN);
      Map<String, String> settings = new HashMap<>();
      settings.put("nunchi.auth.tokens-file", directory.resolve("tokens").toString());
      settings.put("nunchi.reload-period", "0.2S");
      settings.put("quarkus.tls.key-store.pem.0.cert", server.certificate().toString());
      settings.put("quarkus.tls.key-store.pem.0.key", server.key().toString());
      settings.put("quarkus.http.insecure-requests", "disabled");
      settings.put("quarkus.http.test-ssl-port", "0");
      settings.put("test.tls", directory.toString());
      return settings;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  static Path directory() {
    return Path.of(ConfigProvider.getConfig().getValue("test.tls", String.class));
  }

  static Issued issued(String name) {
    return new Issued(directory().resolve(name + ".pem"), directory().resolve(name + ".key"));
  }

  static int port() {
    return ConfigProvider.getConfig().getValue("quarkus.http.test-ssl-port", Integer.class);
  }

  /// As [TlsServer], and callers need a certificate: `--tls-client-ca`.
  public static final class Mutual extends TlsServer {
    @Override
    public Map<String, String> getConfigOverrides() {
      Map<String, String> settings = super.getConfigOverrides();
      settings.put(
          "quarkus.tls.trust-store.pem.certs[0]",
          Path.of(settings.get("test.tls")).resolve("authority.pem").toString());
      return settings;
    }
  }
}
