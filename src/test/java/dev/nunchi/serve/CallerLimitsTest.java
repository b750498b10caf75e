package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.serve.Identity.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CallerLimitsTest {
  private static final long LEAST_BURST = 64;

  @TempDir private Path directory;

  @Test
  void read_everyKindOfCaller_hasItsLimit() throws IOException {
    CallerLimits limits =
        read(
            """
            # who and how much
            *  texts-per-second=20 texts-per-day=1000

              token:reviews texts-per-second=200 burst=300
            token:영화 texts-per-day=0
            subject:"a b@example.com"  texts-per-second=0.5
            certificate:"CN=chat bot,O=Example"\tburst=10
            address:192.0.2.1 texts-per-second=0
            address:2001:db8:1:2:3::4 texts-per-day=7
            """);
    assertEquals(new TextLimit(20_000, 64, 1_000), limits.others());
    assertEquals(
        Map.of(
            new Identity(Kind.TOKEN, "reviews"),
            new TextLimit(200_000, 300, 1_000),
            new Identity(Kind.TOKEN, "영화"),
            new TextLimit(20_000, 64, 0),
            new Identity(Kind.SUBJECT, "a b@example.com"),
            new TextLimit(500, 64, 1_000),
            new Identity(Kind.CERTIFICATE, "CN=chat bot,O=Example"),
            new TextLimit(20_000, 10, 1_000),
            new Identity(Kind.ADDRESS, "192.0.2.1"),
            new TextLimit(0, 0, 1_000),
            Identity.ofAddress(InetAddress.ofLiteral("2001:db8:1:2::")),
            new TextLimit(20_000, 64, 7)),
        limits.named());
    assertEquals(
        new TextLimit(20_000, 64, 7),
        limits.of(Identity.ofAddress(InetAddress.ofLiteral("2001:db8:1:2:ffff::1"))));
    assertEquals(limits.others(), limits.of(new Identity(Kind.TOKEN, "unnamed")));
  }

  @Test
  void read_withoutAStar_hasWhatTheSettingsSay() throws IOException {
    TextLimit.Given settings =
        new TextLimit.Given(OptionalLong.of(5_000), OptionalLong.of(8), OptionalLong.of(100));
    Path file = Files.writeString(directory.resolve("limits"), "token:a texts-per-day=1\n");
    CallerLimits limits = CallerLimits.read(settings, Optional.of(file), LEAST_BURST);
    assertEquals(new TextLimit(5_000, 8, 100), limits.others());
    assertEquals(new TextLimit(5_000, 8, 1), limits.of(new Identity(Kind.TOKEN, "a")));
    assertEquals(
        new CallerLimits(limits.others(), Map.of()),
        CallerLimits.read(settings, Optional.empty(), LEAST_BURST));
  }

  @Test
  void read_fastRateWithoutBurst_hasThatOfASecond() throws IOException {
    assertEquals(new TextLimit(100_001, 101, 0), read("* texts-per-second=100.001").others());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "reviews texts-per-day=1             | is not WHO KEY=VALUE",
        "token: texts-per-day=1              | is not WHO KEY=VALUE",
        "token:\"a texts-per-day=1           | is not WHO KEY=VALUE",
        "user:a texts-per-day=1              | begins with none of token:",
        "server:a texts-per-day=1            | begins with none of token:",
        "token:a                             | holds a word that is not KEY=VALUE, or says nothing",
        "token:a b texts-per-day=1           | holds a word that is not KEY=VALUE, or says nothing",
        "token:a texts-per-dy=1              | 'texts-per-dy' is none of texts-per-second, burst",
        "token:a texts-per-day=1 texts-per-day=2 | says texts-per-day twice",
        "token:a texts-per-day=-1            | 'texts-per-day' is a whole number from 0",
        "token:a texts-per-day=1.5           | 'texts-per-day' is a whole number from 0",
        "token:a texts-per-day=9999999999999999 | 'texts-per-day' is a whole number from 0",
        "token:a texts-per-day=              | 'texts-per-day' is a whole number from 0",
        "token:a burst=0 texts-per-second=1  | 'burst' is a whole number from 1",
        "token:a burst=5                     | burst needs texts-per-second",
        "token:a texts-per-second=1e9        | 'texts-per-second' is a number from 0",
        "token:a texts-per-second=1000001    | 'texts-per-second' is a number from 0",
        "token:a texts-per-second=0.0001     | 'texts-per-second' is a number from 0",
        "token:a texts-per-second=NaN        | 'texts-per-second' is a number from 0",
        "token:a texts-per-second=١          | 'texts-per-second' is a number from 0",
        "address:example.com texts-per-day=1 | names an address that is none",
        "address:10.0.0.0/8 texts-per-day=1  | names an address that is none",
      })
  void read_aLineThatIsNone_isRefusedByFileAndLine(String line, String why) {
    NunchiException refused =
        assertThrows(NunchiException.class, () -> read("# first\n\n" + line + "\n"));
    assertEquals(Reason.INVALID_ARGUMENT, refused.reason());
    assertEquals(3, refused.line());
    assertTrue(
        refused.getMessage().contains("line 3 " + why)
            || refused.getMessage().contains("line 3 is wrong: " + why),
        refused.getMessage());
    assertTrue(refused.getMessage().contains(directory.resolve("limits").toString()));
  }

  @Test
  void read_oneCallerTwice_isRefusedWithBothLines() {
    NunchiException refused =
        assertThrows(
            NunchiException.class,
            () ->
                read(
                    """
                    token:a texts-per-day=1
                    token:b texts-per-day=1
                    token:"a" texts-per-day=2
                    """));
    assertTrue(
        refused.getMessage().endsWith("line 3 names whom line 1 names"), refused.getMessage());
  }

  @Test
  void read_burstWithoutRate_isRefusedWhereItStands() throws IOException {
    NunchiException refused =
        assertThrows(
            NunchiException.class,
            () -> read("token:a texts-per-day=1\n* burst=5\ntoken:b burst=1"));
    assertTrue(
        refused.getMessage().endsWith("line 2 burst needs texts-per-second"), refused.getMessage());
    Path file = Files.writeString(directory.resolve("limits"), "token:a texts-per-day=1");
    refused =
        assertThrows(
            NunchiException.class,
            () ->
                CallerLimits.read(
                    TextLimit.Given.NOTHING.with(TextLimit.BURST, "5"),
                    Optional.of(file),
                    LEAST_BURST));
    assertEquals("nunchi.limits.burst needs texts-per-second", refused.getMessage());
  }

  @Test
  void read_missingFile_isRefused() {
    NunchiException refused =
        assertThrows(
            NunchiException.class,
            () ->
                CallerLimits.read(
                    TextLimit.Given.NOTHING, Optional.of(directory.resolve("none")), 1));
    assertTrue(
        refused.getMessage().endsWith("none cannot be used: it does not exist"),
        refused.getMessage());
  }

  private CallerLimits read(String text) throws IOException {
    Path file = Files.writeString(directory.resolve("limits"), text);
    return CallerLimits.read(TextLimit.Given.NOTHING, Optional.of(file), LEAST_BURST);
  }
}
