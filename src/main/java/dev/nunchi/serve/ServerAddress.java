package dev.nunchi.serve;

/// Where the server listens, as one opens it from this machine.
///
/// @param scheme `http` or `https`
/// @param host the name or address that it was told to listen at
/// @param port the port that it got
record ServerAddress(String scheme, String host, int port) {
  String url() {
    return "%s://%s:%d".formatted(scheme, isEverywhere() ? "localhost" : urlHost(), port);
  }

  /// Whether it listens at every address of the machine.
  boolean isEverywhere() {
    return host.equals("0.0.0.0") || host.matches("[0:]*::?[0:]*");
  }

  /// An address of IPv6 stands in brackets, and the % before its zone is escaped (RFC 6874).
  private String urlHost() {
    return host.contains(":") ? "[" + host.replace("%", "%25") + "]" : host;
  }
}
