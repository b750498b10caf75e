package dev.nunchi.serve;

import io.vertx.core.http.HttpServerRequest;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// Tells calls that the server makes to itself from those of callers: they need no token, are not
/// logged, and count as no calls, though batches and workers count what they run. They carry a
/// secret of this process, which is taken only as long as there are any.
@Singleton
final class OwnCalls {
  static final String HEADER = "nunchi-own-call";
  private static final int BYTES = 32;

  private volatile @Nullable String secret;

  /// What [#HEADER] holds from now on.
  String begin() {
    byte[] random = new byte[BYTES];
    new SecureRandom().nextBytes(random);
    String begun = HexFormat.of().formatHex(random);
    secret = begun;
    return begun;
  }

  /// No call is one from now on.
  void end() {
    secret = null;
  }

  boolean isOne(HttpServerRequest request) {
    @Nullable String expected = secret;
    @Nullable String given = expected == null ? null : request.getHeader(HEADER);
    return expected != null
        && given != null
        && MessageDigest.isEqual(
            expected.getBytes(StandardCharsets.US_ASCII), given.getBytes(StandardCharsets.UTF_8));
  }
}
