package dev.nunchi.model;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What a file of a model directory holds instead of what its name says, told by its first bytes:
/// what a download leaves behind that did not go as it should, and files under another's name.
final class ForeignContent {
  /// First bytes that are looked at.
  static final int HEAD_BYTES = 512;

  private static final int SHOWN = 40;

  /// Where the last two of the eight bytes are that say how long a safetensors header is; they are
  /// 0, and the header follows.
  private static final int LAST_LENGTH_BYTES = 6;

  /// @param bytes in Latin-1, as the file begins
  private record Magic(String bytes, String what) {}

  private static final List<Magic> BINARY =
      List.of(
          new Magic("\u001f\u008b", "a gzip archive; unpack it"),
          new Magic("BZh", "a bzip2 archive; unpack it"),
          new Magic("\u00fd7zXZ", "an xz archive; unpack it"),
          new Magic("(\u00b5/\u00fd", "a zstd archive; unpack it"),
          new Magic("7z\u00bc\u00af", "a 7z archive; unpack it"),
          new Magic("Rar!", "a rar archive; unpack it"),
          new Magic("GGUF", "a GGUF file of llama.cpp, which is not read"),
          new Magic("\u0089HDF", "an HDF5 file, as TensorFlow writes it, which is not read"),
          new Magic("\u0093NUMPY", "an array of NumPy, which is not read"),
          new Magic("\u0089PNG", "a picture"),
          new Magic("%PDF", "a PDF document"),
          new Magic("\u00ff\u00fe", "text in UTF-16; store it as UTF-8"),
          new Magic("\u00fe\u00ff", "text in UTF-16; store it as UTF-8"));

  private static final Magic ZIP = new Magic("PK\u0003\u0004", "a zip archive; unpack it");
  private static final Magic PICKLE =
      new Magic("\u0080", "a pickle, as PyTorch writes it; name it pytorch_model.bin");

  private ForeignContent() {}

  /// @param name of the file
  /// @param head its first bytes, at most [#HEAD_BYTES]
  /// @param size of the file in bytes
  /// @return what it holds, empty where nothing speaks against what its name says
  static Optional<String> of(String name, byte[] head, long size) {
    if (size == 0) {
      return Optional.of("empty; fetch it again");
    }
    String bytes = new String(head, StandardCharsets.ISO_8859_1);
    String text = bytes.replaceFirst("^\u00ef\u00bb\u00bf", "").stripLeading();
    String lower = text.toLowerCase(Locale.ROOT);
    if (text.startsWith("version https://git-lfs.github.com/spec/")) {
      return Optional.of(
          "a pointer of Git LFS, not the file that it stands for; fetch that with 'git lfs pull'");
    }
    if (lower.startsWith("<!doctype html") || lower.startsWith("<html")) {
      return Optional.of("an HTML page, not the file that was to be fetched; fetch it again");
    }
    if (lower.startsWith("<?xml") || lower.startsWith("<error>")) {
      return Optional.of("an XML message, not the file that was to be fetched; fetch it again");
    }
    // Raw numbers begin with any bytes, and so does the length that a safetensors file begins with.
    boolean isSafetensors = bytes.startsWith("\0\0{", LAST_LENGTH_BYTES);
    if (name.endsWith("data") || isSafetensors && name.endsWith(".safetensors")) {
      return Optional.empty();
    }
    if (isSafetensors && name.endsWith(".bin")) {
      return Optional.of("a safetensors file; name it model.safetensors");
    }
    for (Magic magic : BINARY) {
      if (bytes.startsWith(magic.bytes)) {
        return Optional.of(magic.what);
      }
    }
    return name.endsWith(".json") || name.endsWith(".txt")
        ? ofText(bytes)
        : ofBinary(name, head, bytes);
  }

  private static Optional<String> ofText(String bytes) {
    if (bytes.startsWith(ZIP.bytes)) {
      return Optional.of(ZIP.what);
    }
    return bytes.startsWith("\0")
        ? Optional.of("zeros or binary; fetch it again")
        : Optional.empty();
  }

  private static Optional<String> ofBinary(String name, byte[] head, String bytes) {
    if (isZero(head)) {
      return Optional.of("zeros where it should begin; a download of it was broken off");
    }
    boolean isPytorch = name.endsWith(".bin");
    if (!isPytorch && bytes.startsWith(ZIP.bytes)) {
      return Optional.of(
          name.endsWith(".safetensors")
              ? "a zip archive, perhaps of PyTorch; name it pytorch_model.bin then"
              : ZIP.what);
    }
    if (!isPytorch && bytes.startsWith(PICKLE.bytes) && name.endsWith(".safetensors")) {
      return Optional.of(PICKLE.what);
    }
    boolean isOfNumbers = isPytorch || name.endsWith(".safetensors");
    return isOfNumbers && isText(head)
        ? Optional.of(
            "text that begins '%s'; fetch the file again"
                .formatted(PickleBytes.shown(bytes.substring(0, Math.min(SHOWN, bytes.length())))))
        : Optional.empty();
  }

  private static boolean isZero(byte[] head) {
    return head.length == HEAD_BYTES && Arrays.equals(head, new byte[HEAD_BYTES]);
  }

  /// Printable ASCII, of which no file of numbers begins with so much.
  private static boolean isText(byte[] head) {
    for (byte b : head) {
      if (b < ' ' && b != '\n' && b != '\r' && b != '\t') {
        return false;
      }
    }
    return true;
  }
}
