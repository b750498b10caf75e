package dev.nunchi.hub;

import dev.nunchi.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a hub says a file's bytes come to, which is its ETag and its name in the cache: SHA-256 of
/// what lies in LFS, git's SHA-1 of a blob (with `blob`, its size and a zero before it) of the
/// rest.
///
/// @param hex 64 or 40 lower-case digits
record ContentDigest(String hex) {
  private static final int SHA_256_DIGITS = 64;

  static ContentDigest sha256(String hex) {
    return new ContentDigest(hex.toLowerCase(Locale.ROOT));
  }

  /// What an answer says the file comes to, empty where it says nothing of the kind.
  static Optional<ContentDigest> announced(Http.Head head) {
    @Nullable String linked = head.linked().firstValue(Http.LINKED).orElse(null);
    @Nullable String etag = linked == null ? head.header("ETag") : linked;
    if (etag == null) {
      return Optional.empty();
    }
    String hex = etag.replaceFirst("^W/", "").replace("\"", "").toLowerCase(Locale.ROOT);
    return isDigest(hex) ? Optional.of(new ContentDigest(hex)) : Optional.empty();
  }

  static boolean isDigest(String hex) {
    return hex.matches("[0-9a-f]{40}|[0-9a-f]{64}");
  }

  String algorithm() {
    return hex.length() == SHA_256_DIGITS ? "SHA-256" : "git SHA-1";
  }

  /// Before the first byte of a file of that size.
  MessageDigest begin(long size) {
    if (hex.length() == SHA_256_DIGITS) {
      return Sha256.begin();
    }
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-1");
      digest.update("blob %d\0".formatted(size).getBytes(StandardCharsets.US_ASCII));
      return digest;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-1", e);
    }
  }

  /// Ends a digest that [#begin] began.
  static ContentDigest of(MessageDigest digest) {
    return new ContentDigest(HexFormat.of().formatHex(digest.digest()));
  }
}
