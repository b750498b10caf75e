package dev.nunchi.text;

import org.jspecify.annotations.Nullable;

/// How a text becomes token ids; a [TextEncoder] outside tests.
@FunctionalInterface
public interface Encoder extends AutoCloseable {
  /// Safe for several threads.
  ///
  /// @param context null for none
  /// @throws dev.nunchi.NunchiException of field `text`: `EMPTY_TEXT` if nothing is left to
  ///   classify, `TOO_MANY_TOKENS` under [Truncation#REJECT]
  Encoding encode(String text, @Nullable String context, Truncation truncation);

  /// The encoding of a text alone.
  default Encoding encode(String text, Truncation truncation) {
    return encode(text, null, truncation);
  }

  /// Longest encoding in tokens, special tokens included; no bound where it is not known.
  default int maxLength() {
    return Integer.MAX_VALUE;
  }

  /// Ends it; a call after that fails.
  @Override
  default void close() {}
}
