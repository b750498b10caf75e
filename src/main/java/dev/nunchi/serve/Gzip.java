package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/// Decompresses what callers send, and no further than it would be taken as it is: a bomb costs
/// what the limit costs.
final class Gzip {
  private Gzip() {}

  /// @param what it is: `message` or `body`
  /// @param compressed closed here
  /// @param most bytes that are taken
  /// @throws NunchiException `TEXT_TOO_LARGE`, or `INVALID_ARGUMENT` for what is no gzip
  static byte[] decompressed(String what, InputStream compressed, int most) {
    try (InputStream decompressed = new GZIPInputStream(compressed)) {
      byte[] bytes = decompressed.readNBytes(most);
      if (decompressed.read() >= 0) {
        throw new NunchiException(
            Reason.TEXT_TOO_LARGE,
            "The %s has more than %d bytes when it is decompressed; at most that many are taken"
                .formatted(what, most));
      }
      return bytes;
    } catch (IOException e) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "The %s is compressed as gzip, and is damaged".formatted(what),
          e);
    }
  }
}
