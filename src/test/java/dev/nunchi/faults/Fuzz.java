package dev.nunchi.faults;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Malformed things by the thousand, each of which follows from its seed alone.
///
/// `-Dfuzz.KIND=` says how many of a kind are tried by each test, `-Dfuzz.first=` from which seed
/// on; the profile `fuzz` tries a million in all. What is wrong is told with the seed, the thing
/// itself and how to have it again. Not `nunchi.`: a server refuses what is no setting of its own.
///
/// @param kind of what is malformed, in the property's name
/// @param inVerify how many are tried where nobody says otherwise
public record Fuzz(String kind, int inVerify) {
  private static final long FIRST = Long.getLong("fuzz.first", 1);

  /// For one thing; far more than the slowest takes.
  private static final Duration LONGEST = Duration.ofSeconds(30);

  private static final int MOST_TOLD = 10;
  private static final int LONGEST_TOLD = 4000;

  /// What has to hold of a thing: whatever it throws is wrong.
  @FunctionalInterface
  public interface Check<T> {
    void of(T thing) throws Exception;
  }

  /// What is being tried.
  private static final class Now<T> {
    private volatile long seed;
    private volatile @Nullable T thing;
    private volatile long since = System.nanoTime();
  }

  /// A generator for a seed; neighbouring seeds of [Random] begin alike.
  public static Random random(long seed) {
    return new Random(seed * 0x9E3779B97F4A7C15L);
  }

  /// How many are tried.
  public int count() {
    return Integer.getInteger("fuzz." + kind, inVerify);
  }

  /// The seed of the first.
  public long first() {
    return FIRST;
  }

  /// Draws as many as are to be tried, and checks each.
  ///
  /// @param test whose it is
  /// @param draw a thing from a generator; nothing else may go into it
  /// @throws AssertionError for what is wrong, or takes too long
  public <T> void run(Class<?> test, Function<Random, T> draw, Check<T> check)
      throws InterruptedException {
    run(test, count(), draw, check);
  }

  /// The same for another number of them.
  @SuppressWarnings("CatchThrowable") // An error is the worst of what is looked for.
  public <T> void run(Class<?> test, int count, Function<Random, T> draw, Check<T> check)
      throws InterruptedException {
    List<String> wrong = new ArrayList<>();
    Now<T> now = new Now<>();
    AtomicBoolean stopped = new AtomicBoolean();
    // On a thread of its own, as some things could keep it busy for ever.
    Thread thread =
        new Thread(
            () -> {
              for (long seed = FIRST; seed < FIRST + count && !stopped.get(); seed++) {
                T thing = draw.apply(random(seed));
                now.seed = seed;
                now.thing = thing;
                now.since = System.nanoTime();
                try {
                  check.of(thing);
                } catch (Throwable e) {
                  wrong.add(told(test, seed, thing, e));
                  if (wrong.size() == MOST_TOLD) {
                    return;
                  }
                }
              }
            },
            "fuzz " + test.getSimpleName());
    thread.start();
    while (!thread.join(Duration.ofSeconds(1))) {
      if (System.nanoTime() - now.since > LONGEST.toNanos()) {
        stopped.set(true);
        AssertionError late = new AssertionError("has not ended after " + LONGEST);
        late.setStackTrace(thread.getStackTrace());
        throw new AssertionError(told(test, now.seed, now.thing, late), late);
      }
    }
    assertTrue(wrong.isEmpty(), () -> "\n" + String.join("\n", wrong) + "\n");
  }

  private String told(Class<?> test, long seed, @Nullable Object thing, Throwable thrown) {
    StringBuilder where = new StringBuilder();
    StackTraceElement[] trace = thrown.getStackTrace();
    for (int i = 0; i < Math.min(12, trace.length); i++) {
      where.append("\n    at ").append(trace[i]);
    }
    return "seed %d: %s%n  %s%s%n  mvn test -Dtest=%s -Dfuzz.first=%d -Dfuzz.%s=1"
        .formatted(seed, cut(shown(thing)), cut(thrown.toString()), where, name(test), seed, kind);
  }

  private static String name(Class<?> test) {
    return test.getSimpleName();
  }

  private static String shown(@Nullable Object thing) {
    return switch (thing) {
      case null -> "nothing";
      case byte[] bytes -> HexFormat.of().formatHex(bytes);
      case String text -> escaped(text);
      default -> thing.toString();
    };
  }

  /// A text as a literal of Java, whatever is in it.
  public static String escaped(String text) {
    StringBuilder escaped = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c >= ' ' && c < 0x7f && c != '"' && c != '\\') {
        escaped.append(c);
      } else {
        escaped.append("\\u%04x".formatted((int) c));
      }
    }
    return escaped.append('"').toString();
  }

  /// Bytes as text where they are plain ASCII, else as hexadecimal digits.
  public static String shown(byte[] bytes) {
    for (byte each : bytes) {
      if (each < ' ' && each != '\r' && each != '\n') {
        return HexFormat.of().formatHex(bytes);
      }
    }
    return escaped(new String(bytes, StandardCharsets.US_ASCII));
  }

  private static String cut(String told) {
    return told.length() <= LONGEST_TOLD
        ? told
        : "%s… (%d characters)".formatted(told.substring(0, LONGEST_TOLD), told.length());
  }
}
