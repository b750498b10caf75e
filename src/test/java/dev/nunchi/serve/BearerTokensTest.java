package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.serve.Identity.Kind;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BearerTokensTest {
  private static final String ONE = "first-token-of-the-test";
  private static final String TWO = "c2Vjb25kLXRva2Vu+/~._=";

  @TempDir private Path directory;

  @Test
  void read_commentsAndEmptyLines_areLeftOut() throws IOException {
    BearerTokens tokens =
        read("# who\r\n" + ONE + "\r\n\n   \n  " + TWO + "  \n# " + "x".repeat(9));
    assertEquals(2, tokens.count());
    assertNotNull(tokens.find("Bearer " + ONE));
    assertNotNull(tokens.find("bearer  " + TWO));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Bearer",
        "Bearer ",
        ONE,
        "Basic " + ONE,
        "Bearer " + ONE + "x",
        "Bearer first-token-of-the-tes",
        "Bearer FIRST-TOKEN-OF-THE-TEST",
        "Bearer " + ONE + "," + ONE,
        "Bearer # who"
      })
  void find_anythingElse_isRefused(String authorization) throws IOException {
    assertNull(read("# who\n" + ONE).find(authorization));
  }

  @Test
  void find_tokens_areWhoseNameStandsBehindThem() throws IOException {
    BearerTokens tokens =
        read(
            "%s  name=reviews\n%s\tname=reviews \n%s-3 name=영화_1\n%s-4"
                .formatted(ONE, TWO, ONE, ONE));
    assertEquals(new Identity(Kind.TOKEN, "reviews"), tokens.find("Bearer " + ONE));
    assertEquals(new Identity(Kind.TOKEN, "reviews"), tokens.find("Bearer " + TWO));
    assertEquals(new Identity(Kind.TOKEN, "영화_1"), tokens.find("Bearer " + ONE + "-3"));
    assertTrue(
        String.valueOf(tokens.find("Bearer " + ONE + "-4")).matches("token:sha256-[0-9a-f]{12}"));
  }

  @Test
  void find_noHeader_isRefused() throws IOException {
    assertNull(read(ONE).find(null));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                              | it holds no token",
        "'# nothing but this'            | it holds no token",
        "'short-token'                   | the token on line 1 has fewer than 16 characters",
        "'name: first-token-of-the-test' | line 1 is no token",
        "'first-token-of-the-test reviews' | behind the token on line 1 stands something other",
        "'first-token-of-the-test other-token-of-the-test' | something other than name=NAME",
        "'first-token-of-the-test name='  | something other than name=NAME",
        "'first-token-of-the-test name=a b' | something other than name=NAME",
        "'first-token-of-the-test name=a name=b' | something other than name=NAME",
        "'한국어로-쓴-토큰은-안-됩니다-정말로' | line 1 is no token"
      })
  void read_fileOfNoUse_isRefusedByLine(String content, String why) {
    NunchiException refused = assertThrows(NunchiException.class, () -> read(content));
    assertEquals(Reason.INVALID_ARGUMENT, refused.reason());
    assertTrue(refused.getMessage().contains(why), refused.getMessage());
    assertTrue(refused.getMessage().contains(directory.resolve("tokens").toString()));
    assertFalse(refused.getMessage().contains("short-token"), refused.getMessage());
    assertFalse(refused.getMessage().contains("of-the-test"), refused.getMessage());
  }

  @Test
  void read_missingFile_isRefused() {
    NunchiException refused =
        assertThrows(
            NunchiException.class, () -> BearerTokens.read(directory.resolve("no-tokens")));
    assertTrue(refused.getMessage().endsWith("no-tokens cannot be used: it does not exist"));
  }

  @Test
  void read_bytesThatAreNoText_areRefused() throws IOException {
    Path file = Files.write(directory.resolve("bytes"), new byte[] {(byte) 0xb1, (byte) 0xe2});
    NunchiException refused = assertThrows(NunchiException.class, () -> BearerTokens.read(file));
    assertTrue(refused.getMessage().endsWith("it is no text in UTF-8"), refused.getMessage());
  }

  /// As Notepad and PowerShell save a file.
  @Test
  void read_byteOrderMarkAndCarriageReturns_areNoPartOfATokens() throws IOException {
    BearerTokens tokens = read("\uFEFF" + ONE + " \r\n\r\n# note\r\n" + TWO + "\r\n");
    assertEquals(2, tokens.count());
    assertNotNull(tokens.find("Bearer " + ONE));
    assertNotNull(tokens.find("Bearer " + TWO));
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16", "UTF-16LE", "UTF-16BE"})
  void read_utf16_isNamed(String charset) throws IOException {
    Path file = directory.resolve("tokens");
    Files.writeString(file, ONE, Charset.forName(charset));
    NunchiException refused = assertThrows(NunchiException.class, () -> BearerTokens.read(file));
    assertTrue(refused.getMessage().contains("it is UTF-16"), refused.getMessage());
  }

  private BearerTokens read(String content) throws IOException {
    return BearerTokens.read(Files.writeString(directory.resolve("tokens"), content));
  }
}
