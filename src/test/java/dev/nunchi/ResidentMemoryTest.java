package dev.nunchi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResidentMemoryTest {
  @TempDir private Path directory;

  @Test
  void bytes_statusOfLinux_areReadFromItsLine() throws IOException {
    Path status =
        Files.writeString(
            directory.resolve("status"),
            "Name:\tjava\nVmHWM:\t  999999 kB\nVmRSS:\t  123456 kB\nRssAnon:\t  100000 kB\n");
    assertEquals(OptionalLong.of(123_456L * 1024), new ResidentMemory(status).bytes());
  }

  @Test
  void bytes_noSuchFileOrLine_areUnknown() throws IOException {
    Path status = directory.resolve("status");
    assertEquals(OptionalLong.empty(), new ResidentMemory(status).bytes());
    Files.writeString(status, "Name:\tjava\n");
    assertEquals(OptionalLong.empty(), new ResidentMemory(status).bytes());
  }
}
