package dev.nunchi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The part of a process's memory that lies in RAM, natively allocated memory included.
///
/// @param status the process's file `status` as Linux has it under `/proc`
public record ResidentMemory(Path status) {
  private static final Pattern LINE = Pattern.compile("VmRSS:\\s*(\\d+) kB");

  public static ResidentMemory ofThisProcess() {
    return new ResidentMemory(Path.of("/proc/self/status"));
  }

  /// Empty where the system does not tell.
  public OptionalLong bytes() {
    try (Stream<String> lines = Files.lines(status)) {
      return lines
          .map(LINE::matcher)
          .filter(Matcher::matches)
          .mapToLong(matcher -> 1024 * Long.parseLong(matcher.group(1)))
          .findFirst();
    } catch (IOException _) {
      return OptionalLong.empty();
    }
  }
}
