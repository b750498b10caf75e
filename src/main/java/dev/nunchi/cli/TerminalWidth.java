package dev.nunchi.cli;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/// Columns of the terminal that an output goes to, as they are now; 0 where it goes elsewhere.
///
/// Java tells neither: [System#console] is about standard input and output, and has no width. So
/// the system is asked, by `ioctl`; where there is none, as on Windows, nothing counts as a
/// terminal.
final class TerminalWidth implements IntSupplier {
  private static final int STANDARD_OUTPUT = 1;
  private static final int STANDARD_ERROR = 2;
  private static final int UNKNOWN_WIDTH = 80;

  /// `struct winsize`: rows, columns, and the size in pixels, each an `unsigned short`.
  private static final long WINDOW_SIZE_BYTES = 8;

  private static final int COLUMNS = 1;

  private final int fileDescriptor;
  private final @Nullable MethodHandle ioctl;

  private TerminalWidth(int fileDescriptor, @Nullable MethodHandle ioctl) {
    this.fileDescriptor = fileDescriptor;
    this.ioctl = ioctl;
  }

  static TerminalWidth ofStandardOutput() {
    return of(STANDARD_OUTPUT);
  }

  static TerminalWidth ofStandardError() {
    return of(STANDARD_ERROR);
  }

  static TerminalWidth of(int fileDescriptor) {
    Linker linker = Linker.nativeLinker();
    MethodHandle ioctl =
        linker
            .defaultLookup()
            .find("ioctl")
            .map(address ->
                linker.downcallHandle(
                    address,
                    FunctionDescriptor.of(
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.ADDRESS),
                    Linker.Option.firstVariadicArg(2)))
            .orElse(null);
    return new TerminalWidth(fileDescriptor, ioctl);
  }

  @Override
  public int getAsInt() {
    if (ioctl == null) {
      return 0;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(WINDOW_SIZE_BYTES, Short.BYTES);
      if ((int) ioctl.invokeExact(fileDescriptor, getWindowSize(), size) != 0) {
        return 0;
      }
      int columns = Short.toUnsignedInt(size.getAtIndex(ValueLayout.JAVA_SHORT, COLUMNS));
      return columns == 0 ? UNKNOWN_WIDTH : columns;
    } catch (Throwable e) {
      throw new IllegalStateException("ioctl failed", e);
    }
  }

  /// `TIOCGWINSZ`, whose number is the system's own.
  private static long getWindowSize() {
    return System.getProperty("os.name").startsWith("Linux") ? 0x5413 : 0x40087468;
  }
}
