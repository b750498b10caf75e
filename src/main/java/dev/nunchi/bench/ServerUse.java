package dev.nunchi.bench;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.ResidentMemory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/// What the server's process has taken so far.
///
/// @param cpu time on processors, user's and system's, to 10 ms
/// @param residentBytes its memory in RAM now
public record ServerUse(Optional<Duration> cpu, OptionalLong residentBytes) {
  /// Where there is no process to look at.
  public static final ServerUse UNKNOWN = new ServerUse(Optional.empty(), OptionalLong.empty());

  /// Of a process of this machine.
  public static ServerUse of(long pid) {
    return ProcessHandle.of(pid)
        .map(process ->
            new ServerUse(
                process.info().totalCpuDuration(),
                new ResidentMemory(Path.of("/proc", Long.toString(pid), "status")).bytes()))
        .orElseThrow(
            () -> new NunchiException(Reason.INVALID_ARGUMENT, "There is no process " + pid));
  }
}
