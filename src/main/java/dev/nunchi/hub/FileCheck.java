package dev.nunchi.hub;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Optional;

/// Holds a file that is here against its digest.
final class FileCheck {
  private static final int BUFFER_BYTES = 1 << 20;

  private FileCheck() {}

  /// @return what came in place of the digest, empty where the file is whole
  static Optional<ContentDigest> damage(Path file, ContentDigest expected) {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = expected.begin(Files.size(file));
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        digest.update(buffer, 0, count);
      }
      ContentDigest came = ContentDigest.of(digest);
      return came.equals(expected) ? Optional.empty() : Optional.of(came);
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, file + " cannot be read", e);
    }
  }
}
