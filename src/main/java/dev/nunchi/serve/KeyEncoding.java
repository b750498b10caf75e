package dev.nunchi.serve;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.security.PublicKey;

/// Puts a private key of an older form, PKCS #1 (RFC 8017) or SEC 1 (RFC 5915), into PKCS #8 (RFC
/// 5958), the one that Java reads: the same bytes, after the kind of the key, which is that of the
/// public key.
final class KeyEncoding {
  private static final int SEQUENCE = 0x30;
  private static final int OCTETS = 0x04;
  private static final byte[] VERSION = {0x02, 0x01, 0x00};

  private KeyEncoding() {}

  /// @param key DER of the older form
  /// @param publicKey that belongs to it
  static byte[] pkcs8(byte[] key, PublicKey publicKey) {
    // SubjectPublicKeyInfo: a sequence of the kind and the key.
    byte[] info = publicKey.getEncoded();
    int kind = start(info, 0);
    int kindEnd = start(info, kind) + length(info, kind);
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    content.writeBytes(VERSION);
    content.write(info, kind, kindEnd - kind);
    content.writeBytes(der(OCTETS, key));
    return der(SEQUENCE, content.toByteArray());
  }

  /// Where the content of the value begins that begins at a place.
  private static int start(byte[] der, int at) {
    int first = der[at + 1] & 0xff;
    return at + 2 + (first < 0x80 ? 0 : first - 0x80);
  }

  private static int length(byte[] der, int at) {
    int first = der[at + 1] & 0xff;
    return first < 0x80 ? first : new BigInteger(1, der, at + 2, first - 0x80).intValueExact();
  }

  /// A value in DER: tag, length and content.
  static byte[] der(int tag, byte... content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    if (content.length < 0x80) {
      out.write(content.length);
    } else {
      byte[] length = BigInteger.valueOf(content.length).toByteArray();
      int from = length[0] == 0 ? 1 : 0;
      out.write(0x80 | (length.length - from));
      out.write(length, from, length.length - from);
    }
    out.writeBytes(content);
    return out.toByteArray();
  }
}
