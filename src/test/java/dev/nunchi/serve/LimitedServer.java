package dev.nunchi.serve;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.config.ConfigProvider;

/// A server whose callers have tokens with names and limits that no test can wait for.
public class LimitedServer implements QuarkusTestProfile {
  private static final List<String> LIMITS =
      List.of(
          "token:unary texts-per-second=0.001 burst=3",
          "token:batch texts-per-second=0.001 burst=5",
          "token:stream texts-per-second=0.001 burst=3",
          "token:rest texts-per-second=0.001 burst=3",
          "token:daily texts-per-day=4",
          "token:careful texts-per-second=0.001 burst=2",
          "token:evidence texts-per-second=0.001 burst=7",
          "token:shared texts-per-second=0.001 burst=2",
          "token:changing texts-per-day=1",
          "token:%s texts-per-day=1".formatted(digest(TinyModelResource.ADMIN_TOKEN)));

  @Override
  public Map<String, String> getConfigOverrides() {
    try {
      Path directory = Files.createTempDirectory("nunchi-limited");
      StringBuilder tokens = new StringBuilder("# test\n");
      for (String name :
          List.of(
              "unary",
              "batch",
              "stream",
              "rest",
              "daily",
              "careful",
              "evidence",
              "changing",
              "free")) {
        tokens.append("%s name=%s\n".formatted(token(name), name));
      }
      tokens.append("%s name=shared\n%s name=shared\n".formatted(token("old"), token("new")));
      Map<String, String> settings = new HashMap<>();
      settings.put(
          "nunchi.auth.tokens-file",
          Files.writeString(directory.resolve("tokens"), tokens).toString());
      settings.put(
          "nunchi.limits.callers-file",
          Files.writeString(directory.resolve("limits"), String.join("\n", LIMITS)).toString());
      settings.put("nunchi.reload-period", "0.2S");
      return settings;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  static String token(String name) {
    return name + "-token-0123456789";
  }

  static Path limits() {
    return Path.of(ConfigProvider.getConfig().getValue("nunchi.limits.callers-file", String.class));
  }

  /// As the documents say that a token without a name is called.
  private static String digest(String token) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
      return "sha256-" + HexFormat.of().formatHex(digest).substring(0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Without tokens: an address is a caller.
  public static final class Addresses implements QuarkusTestProfile {
    @Override
    public Map<String, String> getConfigOverrides() {
      return Map.of("nunchi.limits.texts-per-day", "3");
    }
  }

  /// Callers are known by their certificates.
  public static final class Certificates extends TlsServer {
    @Override
    public Map<String, String> getConfigOverrides() {
      try {
        Map<String, String> settings = new TlsServer.Mutual().getConfigOverrides();
        settings.remove("nunchi.auth.tokens-file");
        Path directory = Path.of(settings.get("test.tls"));
        settings.put(
            "nunchi.limits.callers-file",
            Files.writeString(
                    directory.resolve("limits"), "certificate:CN=client texts-per-day=1\n")
                .toString());
        return settings;
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
