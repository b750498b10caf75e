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
    if (isUtf16(bytes)) {
      return conversion("UTF-16");
    }
    return isCp949(bytes) ? conversion("CP949") : "";
  }

  private static String conversion(String charset) {
    return "; they look like %s, and iconv -f %s -t UTF-8 IN > OUT converts it"
        .formatted(charset, charset);
  }

  /// With a byte order mark, or with the zeros that ASCII has there, line ends too.
  static boolean isUtf16(byte[] bytes) {
    if (bytes.length >= 2) {
      int mark = (bytes[0] & 0xFF) << 8 | bytes[1] & 0xFF;
      if (mark == 0xFEFF || mark == 0xFFFE) {
        return true;
      }
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
