package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// Its connections would hang for ever, while others go on and probes find the server well.
@Timeout(60)
@Execution(ExecutionMode.CONCURRENT)
class EventLoopDeathTest {
  @Test
  void eventLoop_dies_endsTheProcess() throws Exception {
    assertEquals(1, exitValue("dies"));
  }

  @Test
  void eventLoop_lives_leavesTheProcess() throws Exception {
    assertEquals(0, exitValue());
  }

  private static int exitValue(String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                DyingEventLoop.class.getName()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      assertTrue(process.waitFor(30, TimeUnit.SECONDS), "goes on");
      return process.exitValue();
    } finally {
      process.destroyForcibly();
    }
  }
}
