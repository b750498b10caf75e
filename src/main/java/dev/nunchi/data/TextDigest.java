package dev.nunchi.data;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// SHA-256 of texts in UTF-8, for one thread.
final class TextDigest {
  private final MessageDigest sha256;

  TextDigest() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java platform has SHA-256", e);
    }
  }

  /// 32 bytes.
  byte[] of(String text) {
    return sha256.digest(text.getBytes(StandardCharsets.UTF_8));
  }

  /// 32 bytes that also depend on `seed`, which is digested first, in 8 bytes.
  byte[] of(long seed, String text) {
    sha256.update(ByteBuffer.allocate(Long.BYTES).putLong(0, seed));
    return of(text);
  }
}
