package dev.nunchi.serve;

import dev.nunchi.serve.JwtVerifier.Taken;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// Tokens that have been verified, by their digests: the tokens themselves are not kept. The one
/// that has not been asked for longest goes first. Safe for several threads.
final class VerifiedTokens {
  private final int most;
  private final Map<ByteBuffer, Taken> tokens = new LinkedHashMap<>(16, 0.75f, true);

  VerifiedTokens(int most) {
    this.most = most;
  }

  /// @param seconds now, since 1970
  synchronized Optional<Taken> find(byte[] digest, long seconds) {
    ByteBuffer key = ByteBuffer.wrap(digest);
    Taken taken = tokens.get(key);
    if (taken != null && seconds >= taken.until()) {
      tokens.remove(key);
      return Optional.empty();
    }
    return Optional.ofNullable(taken);
  }

  synchronized void add(byte[] digest, Taken taken) {
    tokens.put(ByteBuffer.wrap(digest), taken);
    if (tokens.size() > most) {
      tokens.remove(tokens.keySet().iterator().next());
    }
  }

  synchronized int size() {
    return tokens.size();
  }
}
