package dev.nunchi.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// How a registry is asked: anonymously, or as the user that `docker login` stored, by the token
/// that the registry's challenge sends for.
final class RegistryAccess implements Transfer.Access {
  private static final Pattern PARAMETER = Pattern.compile("(\\w+)=\"([^\"]*)\"");
  private static final Pattern LOOPBACK =
      Pattern.compile("(localhost|127(\\.\\d{1,3}){3})(:\\d+)?");
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Http http;
  private final ModelReference.Registry reference;
  private final URI registry;
  private final @Nullable String login;
  private volatile @Nullable Credential credential;

  RegistryAccess(Http http, ModelReference.Registry reference, Path dockerConfig) {
    this.http = http;
    this.reference = reference;
    // As docker does: in the clear on this machine alone.
    this.registry =
        URI.create((isLoopback(reference.host()) ? "http://" : "https://") + reference.host());
    this.login = login(dockerConfig, reference.host());
  }

  private static boolean isLoopback(String host) {
    return LOOPBACK.matcher(host).matches();
  }

  URI address(String path) {
    return URI.create("%s/v2/%s%s".formatted(registry, reference.repository(), path));
  }

  @Override
  public @Nullable Credential credential() {
    return credential;
  }

  /// Only a challenge of the registry itself is answered: that of a store which it redirects to
  /// could send the user's password anywhere.
  ///
  /// Of several threads whose token has run out, one fetches a new one for all.
  @Override
  public synchronized boolean answers(Http.Head challenged, @Nullable Credential asked)
      throws IOException {
    if (!Objects.equals(credential, asked)) {
      return true;
    }
    if (!new Credential(registry, "").isFor(challenged.uri())) {
      return false;
    }
    String challenge = String.valueOf(challenged.header("WWW-Authenticate"));
    if (challenge.regionMatches(true, 0, "Basic", 0, "Basic".length()) && login != null) {
      credential = new Credential(registry, "Basic " + login);
      return true;
    }
    if (challenge.regionMatches(true, 0, "Bearer", 0, "Bearer".length())) {
      credential = Credential.bearer(registry, token(challenge));
      return true;
    }
    return false;
  }

  private String token(String challenge) throws IOException {
    Map<String, String> parameters = new HashMap<>();
    Matcher matcher = PARAMETER.matcher(challenge);
    while (matcher.find()) {
      parameters.put(matcher.group(1), matcher.group(2));
    }
    URI realm = realm(parameters.getOrDefault("realm", ""));
    String scope =
        parameters.getOrDefault("scope", "repository:%s:pull".formatted(reference.repository()));
    String query =
        "scope="
            + encoded(scope)
            + (parameters.containsKey("service")
                ? "&service=" + encoded(parameters.get("service"))
                : "");
    URI uri = URI.create(realm + (realm.getQuery() == null ? "?" : "&") + query);
    Reply reply = new Reply();
    Http.Head head =
        http.send(
            "GET",
            uri,
            Map.of(),
            login == null ? null : new Credential(uri, "Basic " + login),
            reply);
    head.requireCalm();
    if (!head.isSuccess()) {
      throw refusal(head);
    }
    try {
      JsonNode json = reply.json();
      String token = json.path("token").asText(json.path("access_token").asText(""));
      if (token.matches("[\\x21-\\x7e]+")) {
        return token;
      }
    } catch (JsonProcessingException _) {
      // Refused below.
    }
    throw new NunchiException(
        Reason.UNAVAILABLE, "%s gave no token for %s".formatted(uri.getHost(), reference));
  }

  /// Where tokens are given: over TLS, or by the machine that the registry runs on.
  private URI realm(String address) {
    try {
      URI realm = URI.create(address);
      boolean isSafe =
          "https".equals(realm.getScheme())
              || "http".equals(realm.getScheme()) && isLoopback(String.valueOf(realm.getHost()));
      if (isSafe && realm.getHost() != null) {
        return realm;
      }
    } catch (IllegalArgumentException _) {
      // Refused below.
    }
    throw new NunchiException(
        Reason.UNAVAILABLE,
        "%s sends for a token to '%s', which is no https address".formatted(reference, address));
  }

  private static String encoded(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8);
  }

  /// User and password in base 64, as `docker login` stored them; null where it did not.
  private static @Nullable String login(Path dockerConfig, String host) {
    if (!Files.isRegularFile(dockerConfig)) {
      return null;
    }
    try {
      String login =
          MAPPER.readTree(dockerConfig.toFile()).path("auths").path(host).path("auth").asText("");
      return login.matches("[A-Za-z0-9+/=]+") ? login : null;
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, dockerConfig + " cannot be read as JSON", e);
    }
  }

  @Override
  public NunchiException refusal(Http.Head head) {
    int status = head.status();
    if (status == 401 || status == 403) {
      return new NunchiException(
          Reason.UNAUTHENTICATED,
          "%s is not shown to %s; 'docker login %s' as somebody who may see it"
              .formatted(
                  reference,
                  login == null ? "those who have not logged in" : "the user who logged in",
                  reference.host()));
    }
    return status == 404
        ? new NunchiException(
            Reason.MODEL_NOT_FOUND, "%s has no %s".formatted(reference.host(), reference))
        : new NunchiException(
            Reason.UNAVAILABLE, "%s: the registry answered %d".formatted(reference, status));
  }
}
