package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.Sha256;
import dev.nunchi.serve.Identity.Kind;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The tokens that the server takes, as their digests: the tokens themselves are not kept.
///
/// A file of tokens has one on each line, in UTF-8, with a byte order mark or without; empty lines
/// and lines that begin with `#` are left out. A token has at least 16 characters of those that RFC
/// 6750 allows: letters, digits, `-._~+/`, and `=` at its end. `name=NAME` behind it says whose it
/// is; several tokens may have one name. A token without one is a caller of its own.
final class BearerTokens {
  private static final int SHORTEST = 16;
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/-]+=*");
  private static final Pattern NAME = Pattern.compile("name=([\\p{L}\\p{N}._@-]{1,64})");
  private static final Pattern BLANKS = Pattern.compile("\\s+");
  private static final String SCHEME = "Bearer ";
  private static final int SHOWN_DIGEST_BYTES = 6;

  private final List<Known> known;

  private record Known(byte[] digest, Identity caller) {}

  private BearerTokens(List<Known> known) {
    this.known = known;
  }

  /// @throws NunchiException `INVALID_ARGUMENT` if the file is missing or holds no token, or a line
  ///   is none; the message names the line, never what it holds
  static BearerTokens read(Path file) {
    List<Known> known = new ArrayList<>();
    int number = 0;
    for (String line : lines(file)) {
      number++;
      if (line.isBlank() || line.strip().startsWith("#")) {
        continue;
      }
      String[] words = BLANKS.split(line.strip());
      String token = words[0];
      if (!TOKEN.matcher(token).matches()) {
        throw refused(
            file,
            "line %d is no token: it has characters other than A-Za-z0-9-._~+/=".formatted(number));
      }
      if (token.length() < SHORTEST) {
        throw refused(
            file, "the token on line %d has fewer than %d characters".formatted(number, SHORTEST));
      }
      byte[] digest = digest(token);
      known.add(new Known(digest, new Identity(Kind.TOKEN, name(file, number, words, digest))));
    }
    if (known.isEmpty()) {
      throw refused(file, "it holds no token; write one on each line");
    }
    return new BearerTokens(List.copyOf(known));
  }

  /// The name behind a token; without one that of its digest, which tells nothing of the token.
  private static String name(Path file, int line, String[] words, byte[] digest) {
    if (words.length == 1) {
      return "sha256-" + HexFormat.of().formatHex(digest, 0, SHOWN_DIGEST_BYTES);
    }
    Matcher name = NAME.matcher(words[1]);
    if (words.length > 2 || !name.matches()) {
      throw refused(
          file,
          "behind the token on line %d stands something other than name=NAME, of at most 64 letters,"
                  .formatted(line)
              + " digits and ._@-");
    }
    return name.group(1);
  }

  int count() {
    return known.size();
  }

  /// Whose token a call carries; null where it carries none of these. Takes equally long whichever
  /// token it is, and whether it is one.
  ///
  /// @param authorization the header's value, null where the call has none
  @Nullable Identity find(@Nullable String authorization) {
    @Nullable String token = token(authorization);
    if (token == null) {
      return null;
    }
    byte[] digest = digest(token);
    @Nullable Identity found = null;
    for (Known each : known) {
      found = MessageDigest.isEqual(each.digest(), digest) ? each.caller() : found;
    }
    return found;
  }

  /// The token that a call shows; null where it shows none.
  ///
  /// @param authorization the header's value, null where the call has none
  static @Nullable String token(@Nullable String authorization) {
    return authorization != null && authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
        ? authorization.substring(SCHEME.length()).strip()
        : null;
  }

  private static List<String> lines(Path file) {
    try {
      byte[] text = TextFile.read(file);
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(text))
          .toString()
          .lines()
          .toList();
    } catch (CharacterCodingException e) {
      throw refused(file, "it is no text in UTF-8");
    } catch (TextFile.Unreadable e) {
      throw refused(file, String.valueOf(e.getMessage()));
    }
  }

  static byte[] digest(String token) {
    return Sha256.begin().digest(token.getBytes(StandardCharsets.UTF_8));
  }

  private static NunchiException refused(Path file, String why) {
    return new NunchiException(
        Reason.INVALID_ARGUMENT, "The file of tokens %s cannot be used: %s".formatted(file, why));
  }
}
