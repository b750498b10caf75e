package dev.nunchi.infer;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a worker did with the texts that it took together, as a [RunListener] is told.
///
/// @param shares of those who listen, in the order in which their texts were taken
/// @param takenAt when the worker took them
/// @param encodedAt when all had their tokens
/// @param endedAt when the network had computed them; when they were encoded, where none could be
/// @param encodedTexts those that the worker encoded, as nobody had before
/// @param texts that were run, of all callers; 0 where none could be encoded
/// @param tokens of these as they were read
/// @param paddingTokens that were added to give them one length
/// @param alone whether it was one text that had the machine for itself
/// @param failure what the backend threw; null where it answered
public record RunReport(
    List<Share> shares,
    long takenAt,
    long encodedAt,
    long endedAt,
    int encodedTexts,
    int texts,
    int tokens,
    int paddingTokens,
    boolean alone,
    @Nullable Throwable failure) {
  /// What one listener had in it.
  ///
  /// @param texts that were run
  /// @param acceptedAt when the first of them was accepted
  public record Share(RunListener listener, int texts, long acceptedAt) {}

  public RunReport {
    shares = List.copyOf(shares);
  }
}
