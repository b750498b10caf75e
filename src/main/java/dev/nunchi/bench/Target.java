package dev.nunchi.bench;

import java.util.concurrent.CompletableFuture;

/// What is put under load.
public interface Target extends AutoCloseable {
  /// Texts that one call asks for.
  int textsInCall();

  /// Begins a call.
  ///
  /// @param number of the call, from 0, which says what texts it has
  /// @return ends when all answers are there, or with a [Refused]
  CompletableFuture<Void> call(long number);

  /// Streams that the server ended because it stops, and whose texts went on in another one.
  default long moved() {
    return 0;
  }

  @Override
  void close();

  /// Why a call, or a text of it, has no answer.
  final class Refused extends RuntimeException {
    private final String reason;

    /// @param reason one word, as the protocol has it, such as `RESOURCE_EXHAUSTED` or `429`
    Refused(String reason) {
      super(reason, null, false, false);
      this.reason = reason;
    }

    String reason() {
      return reason;
    }
  }
}
