package dev.nunchi.serve;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// An identity provider (OpenID Connect) whose tokens the server takes.
///
/// @param issuer as its tokens and its discovery document name it, character by character
/// @param audience names this server in the tokens
/// @param jwksUrl where its keys are; as its discovery document says where empty
/// @param authorities PEM of those who sign its certificate; Java's own where empty
/// @param adminRole the scope or role whose owner may do what administrators may; nobody where
///   empty
/// @param keysPeriod how often the keys are fetched
record OidcSettings(
    URI issuer,
    String audience,
    Optional<URI> jwksUrl,
    Optional<Path> authorities,
    Optional<String> adminRole,
    Duration keysPeriod) {
  private static final int FETCHES_IN_A_PERIOD = 30;
  private static final String LOOPBACK = "localhost|127(\\.[0-9]{1,3}){3}|\\[::1]";

  /// How much sooner the keys may be fetched again, because they are missing or a token names one
  /// that is not among them.
  Duration leastPeriod() {
    return keysPeriod.dividedBy(FETCHES_IN_A_PERIOD);
  }

  /// Where the provider says where its keys are.
  URI discovery() {
    String base = issuer.toString();
    return URI.create(
        (base.endsWith("/") ? base : base + "/") + ".well-known/openid-configuration");
  }

  /// Whether nobody on the way can put keys of his own in the place of those at that address.
  static boolean isSafe(URI url) {
    return url.getHost() != null
        && url.getRawUserInfo() == null
        && ("https".equals(url.getScheme())
            || ("http".equals(url.getScheme()) && url.getHost().matches(LOOPBACK)));
  }
}
