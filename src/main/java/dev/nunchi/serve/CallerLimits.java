package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.serve.Identity.Kind;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Which [TextLimit] holds for whom: one for all, and others for those whom a file names.
///
/// A line of the file is `WHO KEY=VALUE …`, in UTF-8; empty lines and lines that begin with `#` are
/// left out. WHO is `token:NAME`, `subject:NAME`, `certificate:NAME`, `address:ADDRESS`, with the
/// name in double quotes where it has spaces, or `*` for all who are not named. What a line does
/// not say is as in the line `*`, and what that does not say as in the settings.
///
/// @param others of those who are not named
record CallerLimits(TextLimit others, Map<Identity, TextLimit> named) {
  private static final Pattern LINE =
      Pattern.compile(
          "(?<who>\\*|(?<kind>[a-z]+):(\"(?<quoted>[^\"]+)\"|(?<plain>[^\\s\"]+)))(?<values>(\\s+\\S+)*)");

  private static final Pattern BLANKS = Pattern.compile("\\s+");
  private static final Set<Kind> KINDS =
      Set.of(Kind.TOKEN, Kind.SUBJECT, Kind.CERTIFICATE, Kind.ADDRESS);

  /// @param all what the settings say
  /// @param leastBurst of a burst that is not given
  /// @throws NunchiException `INVALID_ARGUMENT` if the file cannot be read or one of its lines is
  ///   none, which the message names
  static CallerLimits read(TextLimit.Given all, Optional<Path> file, long leastBurst) {
    Map<Identity, Line> lines = new HashMap<>(file.map(CallerLimits::lines).orElse(Map.of()));
    Optional<Line> rest = Optional.ofNullable(lines.remove(Identity.UNKNOWN));
    TextLimit.Given others = rest.map(line -> line.given().or(all)).orElse(all);
    TextLimit limit;
    try {
      limit = others.limit(leastBurst);
    } catch (IllegalArgumentException e) {
      throw rest.map(line -> refused(file.orElseThrow(), line.number(), words(e)))
          .orElseGet(
              () -> new NunchiException(Reason.INVALID_ARGUMENT, "nunchi.limits." + words(e)));
    }
    Map<Identity, TextLimit> named = new HashMap<>();
    lines.forEach((who, line) -> {
      try {
        named.put(who, line.given().or(others).limit(leastBurst));
      } catch (IllegalArgumentException e) {
        throw refused(file.orElseThrow(), line.number(), words(e));
      }
    });
    return new CallerLimits(limit, Map.copyOf(named));
  }

  private static String words(IllegalArgumentException wrong) {
    return String.valueOf(wrong.getMessage());
  }

  TextLimit of(Identity caller) {
    return named.getOrDefault(caller, others);
  }

  private record Line(int number, TextLimit.Given given) {}

  /// By whom they name; [Identity#UNKNOWN] stands for `*`.
  private static Map<Identity, Line> lines(Path file) {
    Map<Identity, Line> lines = new HashMap<>();
    int number = 0;
    for (String text : text(file)) {
      number++;
      if (text.isBlank() || text.strip().startsWith("#")) {
        continue;
      }
      Matcher line = LINE.matcher(text.strip());
      if (!line.matches()) {
        throw refused(
            file,
            number,
            "is not WHO KEY=VALUE, such as 'token:reviews texts-per-second=20' or '*"
                + " texts-per-day=1000'");
      }
      Identity who = who(file, number, line);
      Line before = lines.put(who, new Line(number, given(file, number, line.group("values"))));
      if (before != null) {
        throw refused(file, number, "names whom line %d names".formatted(before.number()));
      }
    }
    return lines;
  }

  private static Identity who(Path file, int number, Matcher line) {
    if (line.group("kind") == null) {
      return Identity.UNKNOWN;
    }
    String name = line.group("quoted") == null ? line.group("plain") : line.group("quoted");
    Kind kind =
        KINDS.stream()
            .filter(each -> each.word().equals(line.group("kind")))
            .findFirst()
            .orElseThrow(() ->
                refused(
                    file,
                    number,
                    "begins with none of token:, subject:, certificate:, address: and *"));
    if (kind != Kind.ADDRESS) {
      return new Identity(kind, name);
    }
    try {
      return Identity.ofAddress(InetAddress.ofLiteral(name.replaceFirst("/64$", "")));
    } catch (IllegalArgumentException e) {
      throw refused(
          file, number, "names an address that is none, such as 192.0.2.1 or 2001:db8::/64");
    }
  }

  private static TextLimit.Given given(Path file, int number, String values) {
    TextLimit.Given given = TextLimit.Given.NOTHING;
    Set<String> keys = new HashSet<>();
    for (String value : BLANKS.split(values.strip())) {
      int equals = value.indexOf('=');
      String key = equals < 0 ? value : value.substring(0, equals);
      if (equals < 0) {
        throw refused(file, number, "holds a word that is not KEY=VALUE, or says nothing");
      }
      if (!keys.add(key)) {
        throw refused(file, number, "says %s twice".formatted(key));
      }
      try {
        given = given.with(key, value.substring(equals + 1));
      } catch (IllegalArgumentException e) {
        throw refused(file, number, "is wrong: '%s' %s".formatted(key, words(e)));
      }
    }
    return given;
  }

  private static List<String> text(Path file) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(TextFile.read(file)))
          .toString()
          .lines()
          .toList();
    } catch (CharacterCodingException e) {
      throw refused(file, "it is no text in UTF-8");
    } catch (TextFile.Unreadable e) {
      throw refused(file, String.valueOf(e.getMessage()));
    }
  }

  private static NunchiException refused(Path file, int line, String why) {
    return NunchiException.atLine(
        Reason.INVALID_ARGUMENT,
        line,
        "The file of limits %s cannot be used: line %d %s".formatted(file, line, why));
  }

  private static NunchiException refused(Path file, String why) {
    return new NunchiException(
        Reason.INVALID_ARGUMENT, "The file of limits %s cannot be used: %s".formatted(file, why));
  }
}
