package dev.nunchi.hub;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.net.ProxySelector;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Where models come from and where they are kept: the environment variables of `huggingface_hub`,
/// with its defaults.
///
/// | variable | what |
/// | --- | --- |
/// | `HF_ENDPOINT` | the hub (`https://huggingface.co`) |
/// | `HF_TOKEN`, else the file `HF_TOKEN_PATH` (`HF_HOME/token`) | who asks |
/// | `HF_HUB_CACHE`, else `HF_HOME/hub` | the cache (`~/.cache/huggingface/hub`) |
/// | `HF_HUB_OFFLINE` or `TRANSFORMERS_OFFLINE` | `1`: nothing is fetched |
/// | `HF_HUB_DOWNLOAD_TIMEOUT` | seconds for which a server may be silent (10) |
/// | `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY` | as for curl |
/// | `NUNCHI_CACHE` | what comes from registries and URLs, in `models` (`~/.cache/nunchi`) |
///
/// @param token null where nobody has logged in
/// @param cache of `huggingface_hub`
/// @param store for models that are from no hub
/// @param dockerConfig where `docker login` stores who asks registries
/// @param silence longest time without a byte
public record HubSettings(
    URI endpoint,
    @Nullable String token,
    Path cache,
    Path store,
    Path dockerConfig,
    boolean offline,
    Duration silence,
    Patience patience,
    ProxySelector proxies) {
  private static final String DEFAULT_ENDPOINT = "https://huggingface.co";
  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");
  private static final long DEFAULT_SILENCE_SECONDS = 10;

  /// Without the token.
  @Override
  public String toString() {
    return "HubSettings[%s, %s]".formatted(endpoint, cache);
  }

  /// @throws NunchiException `INVALID_ARGUMENT` naming a variable whose value makes no sense
  public static HubSettings of(Map<String, String> environment) {
    Variables variables = new Variables(environment);
    Path home = variables.path("HOME", Path.of(System.getProperty("user.home")));
    Path caches = variables.path("XDG_CACHE_HOME", home.resolve(".cache"));
    Path huggingFace = variables.path("HF_HOME", caches.resolve("huggingface"));
    Path cache =
        variables.path(
            "HF_HUB_CACHE", variables.path("HUGGINGFACE_HUB_CACHE", huggingFace.resolve("hub")));
    return new HubSettings(
        variables.endpoint(),
        variables.token(huggingFace),
        cache,
        variables.path("NUNCHI_CACHE", caches.resolve("nunchi")).resolve("models"),
        variables.path("DOCKER_CONFIG", home.resolve(".docker")).resolve("config.json"),
        variables.isTrue("HF_HUB_OFFLINE") || variables.isTrue("TRANSFORMERS_OFFLINE"),
        variables.silence(),
        Patience.DEFAULT,
        new EnvironmentProxies(environment));
  }

  /// With nothing fetched, whatever the environment says.
  public HubSettings withoutNetwork() {
    return new HubSettings(
        endpoint, token, cache, store, dockerConfig, true, silence, patience, proxies);
  }

  /// With another measure of what is borne with.
  HubSettings bearing(Duration silence, Patience patience) {
    return new HubSettings(
        endpoint, token, cache, store, dockerConfig, offline, silence, patience, proxies);
  }

  /// The environment, where an empty value is as none.
  private record Variables(Map<String, String> environment) {
    private @Nullable String value(String name) {
      @Nullable String value = environment.get(name);
      return value == null || value.isBlank() ? null : value.strip();
    }

    boolean isTrue(String name) {
      @Nullable String value = value(name);
      return value != null && TRUE.contains(value.toUpperCase(Locale.ROOT));
    }

    Path path(String name, Path otherwise) {
      @Nullable String value = value(name);
      if (value == null) {
        return otherwise;
      }
      String home = environment.getOrDefault("HOME", System.getProperty("user.home"));
      try {
        return Path.of(value.matches("~(/.*)?") ? home + value.substring(1) : value);
      } catch (InvalidPathException e) {
        throw invalid("%s should be a path, but is '%s'".formatted(name, value), e);
      }
    }

    URI endpoint() {
      @Nullable String value = value("HF_ENDPOINT");
      if (value == null) {
        return URI.create(DEFAULT_ENDPOINT);
      }
      try {
        URI uri = URI.create(value.replaceFirst("/+$", ""));
        if (uri.getHost() != null && String.valueOf(uri.getScheme()).matches("https?")) {
          return uri;
        }
        throw invalid(
            "HF_ENDPOINT should be the address of a hub, such as %s, but is '%s'"
                .formatted(DEFAULT_ENDPOINT, value),
            null);
      } catch (IllegalArgumentException e) {
        throw invalid("HF_ENDPOINT should be an address, but is '%s'".formatted(value), e);
      }
    }

    @Nullable String token(Path huggingFace) {
      @Nullable String token = value("HF_TOKEN");
      String from = "HF_TOKEN";
      if (token == null) {
        token = value("HUGGING_FACE_HUB_TOKEN");
      }
      if (token == null && !isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
        Path file = path("HF_TOKEN_PATH", huggingFace.resolve("token"));
        from = file.toString();
        token = readToken(file);
      }
      if (token != null && !token.matches("[\\x21-\\x7e]+")) {
        throw invalid(from + " should hold one token of printable ASCII, but holds more", null);
      }
      return token;
    }

    private static @Nullable String readToken(Path file) {
      if (!Files.isRegularFile(file)) {
        return null;
      }
      try {
        String token = Files.readString(file).strip();
        return token.isEmpty() ? null : token;
      } catch (IOException e) {
        throw new NunchiException(Reason.IO_FAILURE, file + " cannot be read as a token", e);
      }
    }

    Duration silence() {
      @Nullable String value = value("HF_HUB_DOWNLOAD_TIMEOUT");
      if (value == null) {
        return Duration.ofSeconds(DEFAULT_SILENCE_SECONDS);
      }
      if (!value.matches("[1-9]\\d{0,4}")) {
        throw invalid(
            "HF_HUB_DOWNLOAD_TIMEOUT should be a whole number of seconds, but is '%s'"
                .formatted(value),
            null);
      }
      return Duration.ofSeconds(Long.parseLong(value));
    }

    private static NunchiException invalid(String message, @Nullable Throwable cause) {
      return new NunchiException(Reason.INVALID_ARGUMENT, message, cause);
    }
  }
}
