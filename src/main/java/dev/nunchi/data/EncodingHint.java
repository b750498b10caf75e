package dev.nunchi.data;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/// What bytes that are not UTF-8 probably are, and how a user makes UTF-8 of them.
public final class EncodingHint {
  private static final String CP949 = "x-windows-949";

  private EncodingHint() {}

  /// The end of a sentence that says what the bytes look like; empty where nothing is known.
  ///
  /// @param bytes a line, the first with its byte order mark
  public static String of(byte[] bytes) {
    if (begins(bytes, 'P', 'K', 3, 4)) {
      return "; they are those of a spreadsheet or a zip file, and spreadsheets save as 'CSV"
          + " UTF-8'";
    }
    if (begins(bytes, 0x1F, 0x8B)) {
      return "; they are those of gzip, and the name of such a file is to end in .gz";
    }
    if (isUtf16(bytes)) {
      return conversion("UTF-16");
    }
    return isCp949(bytes) ? conversion("CP949") : "";
  }

  private static boolean begins(byte[] bytes, int... start) {
    for (int i = 0; i < start.length; i++) {
      if (i >= bytes.length || (bytes[i] & 0xFF) != start[i]) {
        return false;
      }
    }
    return true;
  }

  private static String conversion(String charset) {
    return "; they look like %s, and iconv -f %s -t UTF-8 IN > OUT converts it"
        .formatted(charset, charset);
  }

  /// With a byte order mark, or with the zeros that ASCII has there, line ends too.
  private static boolean isUtf16(byte[] bytes) {
    if (begins(bytes, 0xFE, 0xFF) || begins(bytes, 0xFF, 0xFE)) {
      return true;
    }
    for (byte single : bytes) {
      if (single == 0) {
        return true;
      }
    }
    return false;
  }

  /// Whether the bytes decode as CP949, with Hangul among them.
  private static boolean isCp949(byte[] bytes) {
    if (!Charset.isSupported(CP949)) {
      return false;
    }
    try {
      return Charset.forName(CP949)
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes))
          .codePoints()
          .anyMatch(c -> Character.UnicodeScript.of(c) == Character.UnicodeScript.HANGUL);
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  /// Whether the bytes are UTF-8.
  public static boolean isUtf8(byte[] bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }
}
