package dev.nunchi.serve;

import dev.nunchi.PlainFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/// A small file of text that people write, tokens or PEM: without the byte order mark that some
/// editors put before it.
final class TextFile {
  private TextFile() {}

  /// Says why a file is no text that can be used.
  static final class Unreadable extends Exception {
    private static final long serialVersionUID = 1;

    Unreadable(String message) {
      super(message);
    }
  }

  /// @throws Unreadable with what is wrong, to be told after the file's name
  static byte[] read(Path file) throws Unreadable {
    byte[] bytes;
    Optional<String> fault = PlainFile.fault(file);
    if (fault.isPresent()) {
      throw new Unreadable("it " + fault.get());
    }
    try {
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new Unreadable(Files.exists(file) ? "it cannot be read" : "it does not exist");
    }
    if (isUtf16(bytes)) {
      throw new Unreadable("it is UTF-16, which editors on Windows call Unicode; save it as UTF-8");
    }
    boolean marked =
        bytes.length >= 3
            && (bytes[0] & 0xff) == 0xef
            && (bytes[1] & 0xff) == 0xbb
            && (bytes[2] & 0xff) == 0xbf;
    return marked ? Arrays.copyOfRange(bytes, 3, bytes.length) : bytes;
  }

  /// By its byte order mark, or as text without one: letters of ASCII have a zero beside them.
  private static boolean isUtf16(byte[] bytes) {
    if (bytes.length < 2) {
      return false;
    }
    int first = bytes[0] & 0xff;
    int second = bytes[1] & 0xff;
    return (first == 0xff && second == 0xfe)
        || (first == 0xfe && second == 0xff)
        || (first == 0) != (second == 0);
  }
}
