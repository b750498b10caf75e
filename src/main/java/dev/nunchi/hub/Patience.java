package dev.nunchi.hub;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// How long a server that fails is borne with: attempts that bring nothing further are counted, and
/// the pauses between them double.
///
/// @param attempts in a row that may bring nothing
/// @param firstPause after the first of them; the true one is up to a quarter longer, at random
/// @param longestPause what doubling ends at
/// @param longestWait what a server may ask for in `Retry-After`
public record Patience(
    int attempts, Duration firstPause, Duration longestPause, Duration longestWait) {
  public static final Patience DEFAULT =
      new Patience(5, Duration.ofMillis(500), Duration.ofSeconds(10), Duration.ofMinutes(5));

  private static final double JITTER = 0.25;

  /// One try; what it throws as an [IOException] may be mended by another.
  @FunctionalInterface
  interface Attempt<T> {
    T run() throws IOException;
  }

  /// A server that is there and cannot answer now.
  static final class Busy extends IOException {
    private static final long serialVersionUID = 1L;

    private final Duration wait;

    /// @param wait what the server asked for; zero where it asked for nothing
    Busy(String message, Duration wait) {
      super(message);
      this.wait = wait;
    }
  }

  /// @param what is tried, as a sentence's subject
  /// @param progress how far it is; more than before makes an attempt one that counts for nothing
  /// @param notes hears of each pause
  /// @throws NunchiException `UNAVAILABLE` with the last reason where patience has ended
  <T> T bear(String what, LongSupplier progress, Consumer<String> notes, Attempt<T> attempt) {
    int vain = 0;
    while (true) {
      long before = progress.getAsLong();
      try {
        return attempt.run();
      } catch (IOException e) {
        vain = progress.getAsLong() > before ? 1 : vain + 1;
        String why = Failures.reason(e);
        Duration pause = pause(e, vain);
        // Where something came, the network has gone, and not the name.
        boolean isFinal = Failures.isFinal(e) && progress.getAsLong() == 0;
        if (isFinal || vain >= attempts || pause.compareTo(longestWait) > 0) {
          throw new NunchiException(Reason.UNAVAILABLE, ended(what, why, vain, pause), e);
        }
        notes.accept("%s: %s; trying again in %s".formatted(what, why, seconds(pause)));
        sleep(pause);
      }
    }
  }

  private String ended(String what, String why, int vain, Duration pause) {
    if (pause.compareTo(longestWait) > 0) {
      return "%s: %s and asks to come back in %s; do so".formatted(what, why, seconds(pause));
    }
    return vain == 1
        ? "%s: %s".formatted(what, why)
        : "%s: %s, %d times in a row; the same command goes on from what is here"
            .formatted(what, why, vain);
  }

  private Duration pause(IOException e, int vain) {
    if (e instanceof Busy busy && busy.wait.isPositive()) {
      return busy.wait;
    }
    long millis =
        Math.min(longestPause.toMillis(), firstPause.toMillis() << Math.min(vain - 1, 20));
    return Duration.ofMillis(
        Math.round(millis * (1 + JITTER * ThreadLocalRandom.current().nextDouble())));
  }

  private static String seconds(Duration duration) {
    long seconds = Math.max(1, Math.round(duration.toMillis() / 1e3));
    return seconds == 1 ? "a second" : seconds + " seconds";
  }

  private static void sleep(Duration pause) {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      throw Failures.interrupted(e);
    }
  }
}
