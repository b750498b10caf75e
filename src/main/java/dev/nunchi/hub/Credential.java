package dev.nunchi.hub;

import java.net.URI;
import java.util.Locale;

/// What proves to one origin (scheme, host and port) who asks; it is sent nowhere else, also not
/// where that origin redirects to.
record Credential(URI origin, String authorization) {
  /// Without what proves it.
  @Override
  public String toString() {
    return "Credential[" + origin + "]";
  }

  static Credential bearer(URI origin, String token) {
    return new Credential(origin, "Bearer " + token);
  }

  boolean isFor(URI uri) {
    return key(origin).equals(key(uri));
  }

  private static String key(URI uri) {
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    int port = uri.getPort();
    if (port < 0) {
      port = scheme.equals("https") ? 443 : 80;
    }
    return scheme + "://" + String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT) + ":" + port;
  }
}
