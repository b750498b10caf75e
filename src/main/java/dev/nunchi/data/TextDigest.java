package dev.nunchi.data;

import dev.nunchi.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/// SHA-256 of texts in UTF-8, for one thread.
final class TextDigest {
  private final MessageDigest sha256 = Sha256.begin();

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
