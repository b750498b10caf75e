package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Standard input as it came to the process; closing it leaves descriptor 0 open.
///
/// In a process that was started without one, descriptor 0 belongs to the first file that Java
/// opened, the image of its own modules: reading that gives nonsense, and closing it crashes the
/// virtual machine.
final class StandardInput extends FilterInputStream {
  static final String NAME = "standard input";

  private static final Path DESCRIPTOR = Path.of("/dev/fd/0");
  private static final List<String> NAMES = List.of("-", "/dev/stdin", "/dev/fd/0");
  private static final Path OF_THIS_PROCESS = Path.of("/proc/self/fd/0");

  private StandardInput(InputStream in) {
    super(in);
  }

  /// @throws NunchiException `IO_FAILURE` where the process has none
  static InputStream open() {
    if (isJavasOwn()) {
      throw closed(null);
    }
    return new StandardInput(System.in);
  }

  /// Whether a path means standard input: `-`, or one of the names that systems have for it.
  static boolean isNamedBy(Path path) {
    return NAMES.contains(path.toString()) || path.equals(OF_THIS_PROCESS);
  }

  /// Whether what comes next may be a long time in coming: a pipe or a terminal, not a file.
  static boolean isLive() {
    return !Files.isRegularFile(DESCRIPTOR);
  }

  @Override
  public int read() throws IOException {
    try {
      return super.read();
    } catch (IOException e) {
      if (isClosed(e)) {
        throw closed(e);
      }
      throw e;
    }
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    try {
      return super.read(bytes, offset, length);
    } catch (IOException e) {
      if (isClosed(e)) {
        throw closed(e);
      }
      throw e;
    }
  }

  @Override
  public void close() {}

  private static boolean isJavasOwn() {
    try {
      return Files.exists(OF_THIS_PROCESS, LinkOption.NOFOLLOW_LINKS)
          && Files.readSymbolicLink(OF_THIS_PROCESS)
              .startsWith(Path.of(System.getProperty("java.home")).toRealPath());
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean isClosed(IOException e) {
    String message = e.getMessage();
    return message != null && message.contains("Bad file descriptor");
  }

  private static NunchiException closed(@Nullable IOException cause) {
    return new NunchiException(
        Reason.IO_FAILURE,
        "Standard input is closed; give texts as arguments, or --input FILE",
        cause);
  }
}
