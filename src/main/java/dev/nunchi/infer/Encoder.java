package dev.nunchi.infer;

import dev.nunchi.text.Encoding;
import dev.nunchi.text.Truncation;

/// How a text becomes token ids; a [dev.nunchi.text.TextEncoder] outside tests.
@FunctionalInterface
public interface Encoder extends AutoCloseable {
  /// Safe for several threads.
  ///
  /// @throws dev.nunchi.NunchiException of field `text`: `EMPTY_TEXT` if nothing is left to
  ///   classify, `TOO_MANY_TOKENS` under [Truncation#REJECT]
  Encoding encode(String text, Truncation truncation);

  /// Ends it; a call after that fails.
  @Override
  default void close() {}
}
