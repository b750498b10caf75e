package dev.nunchi.cli;

import java.io.IOException;
import java.io.OutputStream;

/// Standard output that ends the command when its reader is gone or the disk is full.
///
/// [java.io.PrintStream] swallows every [IOException], so that a command whose reader has left
/// (`nunchi classify … | head -1`) would compute on for nobody. [Closed] passes through it.
final class StandardOutput extends OutputStream {
  private final OutputStream out;

  StandardOutput(OutputStream out) {
    this.out = out;
  }

  @Override
  public void write(int value) {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) {
    try {
      out.write(bytes, offset, length);
    } catch (IOException e) {
      throw new Closed(e);
    }
  }

  /// Standard output takes no more; what was written may not have arrived.
  static final class Closed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Closed(IOException cause) {
      super(cause.getMessage(), cause);
    }

    /// Whether the reader left of its own will, which is nothing to report.
    boolean byReader() {
      String message = getMessage();
      return message != null && message.contains("Broken pipe");
    }
  }
}
