package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.NunchiException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DigestsTest {
  /// FIPS 180-2, appendix B.1.
  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  @TempDir Path directory;

  @Test
  void revision_oneFile_isItsDigest() throws IOException {
    Files.writeString(directory.resolve("a"), "abc");
    assertEquals("sha256:" + ABC, Digests.revision(Digests.of(directory, List.of("a"))));
  }

  /// `printf '%s\n%s\n' $ABC $ABC | sha256sum`.
  @Test
  void revision_twoFiles_isTheDigestOfTheirDigests() throws IOException {
    Files.writeString(directory.resolve("a"), "abc");
    Files.writeString(directory.resolve("b"), "abc");
    assertEquals(
        "sha256:ed9453257140de25bccb9b1fe8413c845d0ce1c7a25fcdfe1c874ac5f12c8564",
        Digests.revision(Digests.of(directory, List.of("b", "a"))));
  }

  @Test
  void sha256_noFile_isRefusedNamingIt() {
    NunchiException e =
        assertThrows(NunchiException.class, () -> Digests.sha256(directory.resolve("none")));
    assertEquals(directory.resolve("none") + " is missing", e.getMessage());
  }
}
