package dev.nunchi.text;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/// The normalisation rules of SentencePiece, `precompiled_charsmap`: the size of a double array in
/// bytes, the double array (a trie over the bytes of what is replaced), and the replacements, each
/// ended by a zero byte.
///
/// A unit of 32 bits is either a value, the place of a replacement, or a node with a label, a mark
/// that a value belongs to it, and the distance to its children.
final class CharacterMap {
  private static final int VALUE = 1 << 31;
  private static final int HAS_VALUE = 1 << 8;

  private CharacterMap() {}

  /// Whether no text can lead out of the array or the replacements.
  ///
  /// @param base64 the rules as a `tokenizer.json` holds them
  static boolean isWhole(String base64) {
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      return false;
    }
    ByteBuffer map = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.length < Integer.BYTES) {
      return false;
    }
    int size = map.getInt();
    if (size <= 0 || size % Integer.BYTES != 0 || size > map.remaining()) {
      return false;
    }
    int[] units = new int[size / Integer.BYTES];
    map.asIntBuffer().get(units);
    ByteBuffer replacements = map.slice(map.position() + size, map.remaining() - size);
    return isText(replacements) && areInside(units, replacements);
  }

  private static boolean isText(ByteBuffer replacements) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(replacements.duplicate());
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  private static boolean areInside(int[] units, ByteBuffer replacements) {
    for (int i = 0; i < units.length; i++) {
      boolean isNode = i == 0 || (units[i] & VALUE) == 0;
      if (isNode) {
        int children = i ^ distance(units[i]);
        // A child stands at its label's distance, which is any byte.
        if (children < 0 || (children | 0xFF) >= units.length) {
          return false;
        }
        boolean hasValue = i != 0 && (units[i] & HAS_VALUE) != 0;
        if (hasValue && !beginsCharacter(replacements, units[children] & ~VALUE)) {
          return false;
        }
      }
    }
    return true;
  }

  private static int distance(int unit) {
    return (unit >>> 10) << ((unit & (1 << 9)) >>> 6);
  }

  private static boolean beginsCharacter(ByteBuffer replacements, int place) {
    return place < replacements.limit() && (replacements.get(place) & 0xC0) != 0x80;
  }
}
