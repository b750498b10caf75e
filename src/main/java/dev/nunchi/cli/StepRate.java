package dev.nunchi.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/// How fast training steps go: lately, which is over the last minute that was spent in steps, and
/// on the whole.
///
/// What passes between the end of a step and [#restartClock], an evaluation for example, is not
/// time spent in steps.
final class StepRate {
  private static final long WINDOW_NANOS = 60_000_000_000L;

  private record Span(long nanos, long tokens) {}

  private final LongSupplier nanoTime;
  private final Deque<Span> recent = new ArrayDeque<>();
  private long since;
  private long recentNanos;
  private long recentTokens;
  private long totalNanos;
  private long totalTokens;

  /// @param nanoTime as [System#nanoTime]
  StepRate(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.since = nanoTime.getAsLong();
  }

  /// The next step's time begins now.
  void restartClock() {
    since = nanoTime.getAsLong();
  }

  /// A step has ended now.
  void stepped(long tokens) {
    long now = nanoTime.getAsLong();
    add(new Span(now - since, tokens));
    since = now;
    while (recent.size() > 1 && recentNanos - recent.getFirst().nanos() >= WINDOW_NANOS) {
      Span oldest = recent.removeFirst();
      recentNanos -= oldest.nanos();
      recentTokens -= oldest.tokens();
    }
  }

  private void add(Span span) {
    recent.addLast(span);
    recentNanos += span.nanos();
    recentTokens += span.tokens();
    totalNanos += span.nanos();
    totalTokens += span.tokens();
  }

  /// Lately.
  double tokensPerSecond() {
    return perSecond(recentTokens, recentNanos);
  }

  /// Lately; 0 before the first step.
  double secondsPerStep() {
    return recent.isEmpty() ? 0 : recentNanos / 1e9 / recent.size();
  }

  double overallTokensPerSecond() {
    return perSecond(totalTokens, totalNanos);
  }

  /// Spent in steps.
  double totalSeconds() {
    return totalNanos / 1e9;
  }

  private static double perSecond(long tokens, long nanos) {
    return nanos == 0 ? 0 : tokens / (nanos / 1e9);
  }
}
