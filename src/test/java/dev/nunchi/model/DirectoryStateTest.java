package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryStateTest {
  @TempDir Path temporary;

  @Test
  void requireSame_anotherLinkToAFile_isNoChange() throws IOException {
    Path directory = Files.createDirectory(temporary.resolve("model"));
    Path file = Files.writeString(directory.resolve("config.json"), "{}");
    DirectoryState state = DirectoryState.of(directory).orElseThrow();
    Files.createLink(temporary.resolve("copy"), file);
    state.requireSame(directory);
    Files.writeString(file, "{ }");
    NunchiException refused =
        assertThrows(NunchiException.class, () -> state.requireSame(directory));
    assertEquals(Reason.INVALID_MODEL, refused.reason());
  }
}
