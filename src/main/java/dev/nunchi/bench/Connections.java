package dev.nunchi.bench;

import java.util.Optional;

/// How a load reaches its server.
///
/// @param count of gRPC, taken in turn, each with calls of its own limit in flight (HTTP/2); REST
///   opens as many as it has calls
/// @param fresh whether each call, and each stream, opens one of its own and closes it when it ends
/// @param authorities who signed the server's certificate; empty for a server without TLS
public record Connections(int count, boolean fresh, Optional<TrustedAuthorities> authorities) {
  /// One, which is kept, without TLS.
  static final Connections ONE = new Connections(1, false, Optional.empty());
}
