package dev.nunchi.serve;

import java.time.Duration;

/// How many connections a port keeps open, and how long each may take; 0 means that there is no
/// limit.
///
/// @param most of all callers
/// @param mostPerAddress of one address, or of one network of IPv6 (`/64`)
/// @param header for a request's header, and for a connection's first request
/// @param body for a request to come whole
/// @param write for a caller who reads nothing while an answer waits for him
record ConnectionLimits(
    int most, int mostPerAddress, Duration header, Duration body, Duration write) {

  /// As they are, with at most that many connections.
  ConnectionLimits withMost(int connections) {
    return new ConnectionLimits(connections, mostPerAddress, header, body, write);
  }
}
