package dev.nunchi.serve;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jose4j.jwk.JsonWebKey.OutputControlLevel;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.lang.JoseException;

/// A server that takes tokens of a file and of an identity provider, whose keys are in
/// [#directory].
public class OidcServer implements QuarkusTestProfile {
  @Override
  public Map<String, String> getConfigOverrides() {
    try {
      Path directory = Files.createTempDirectory("nunchi-oidc");
      PublicJsonWebKey rsa = TestTokens.rsaKey("rsa");
      PublicJsonWebKey ec = TestTokens.ecKey("ec");
      for (PublicJsonWebKey key : new PublicJsonWebKey[] {rsa, ec}) {
        Files.writeString(
            directory.resolve(key.getKeyId() + ".jwk"),
            key.toJson(OutputControlLevel.INCLUDE_PRIVATE));
      }
      TestProvider.publish(directory, rsa, ec);
      return settings(directory, issuer(directory));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Where the provider is.
  String issuer(Path directory) throws IOException {
    return TestProvider.start(directory, 0).issuer();
  }

  private static Map<String, String> settings(Path directory, String issuer) throws IOException {
    Path tokens =
        Files.writeString(directory.resolve("tokens"), GuardedServer.TOKEN + " name=old\n");
    Path limits =
        Files.writeString(directory.resolve("limits"), "subject:limited texts-per-day=1\n");
    return Map.ofEntries(
        Map.entry("nunchi.auth.tokens-file", tokens.toString()),
        Map.entry("nunchi.limits.callers-file", limits.toString()),
        Map.entry("nunchi.oidc.issuer", issuer),
        Map.entry("nunchi.oidc.audience", TestTokens.AUDIENCE),
        Map.entry("nunchi.oidc.admin-role", "sentiment-admin"),
        Map.entry("nunchi.oidc.keys-period", "6S"),
        Map.entry("nunchi.access-log", "true"),
        Map.entry("quarkus.log.file.enabled", "true"),
        Map.entry("quarkus.log.file.path", directory.resolve("all.log").toString()),
        Map.entry("quarkus.log.file.level", "ALL"),
        Map.entry("test.oidc", directory.toString()));
  }

  static Path directory() {
    return Path.of(ConfigProvider.getConfig().getValue("test.oidc", String.class));
  }

  static String issuer() {
    return ConfigProvider.getConfig().getValue("nunchi.oidc.issuer", String.class);
  }

  static PublicJsonWebKey key(String id) {
    try {
      return PublicJsonWebKey.Factory.newPublicJwk(
          Files.readString(directory().resolve(id + ".jwk")));
    } catch (JoseException | IOException e) {
      throw new AssertionError(e);
    }
  }

  /// The provider is not there when the server starts.
  public static final class Absent extends OidcServer {
    @Override
    String issuer(Path directory) throws IOException {
      try (ServerSocket socket = new ServerSocket(0)) {
        return TestProvider.issuer(socket.getLocalPort());
      }
    }
  }
}
