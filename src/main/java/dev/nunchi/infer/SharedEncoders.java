package dev.nunchi.infer;

import dev.nunchi.Sha256;
import dev.nunchi.model.Manifest;
import dev.nunchi.text.Encoder;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Normalization;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Encoders that models share where theirs would be equal: a tokenizer takes as much memory as
/// hundreds of adapters. Each lasts until its last user closes it. Safe for several threads.
final class SharedEncoders {
  private final Map<Kind, Shared> open = new HashMap<>();

  /// What makes encoders equal.
  ///
  /// @param tokenizer digest of the tokenizer
  private record Kind(String tokenizer, Normalization normalization, int maxLength) {}

  /// Guarded by the object around it.
  private static final class Shared {
    private final TextEncoder encoder;
    private int users;

    Shared(TextEncoder encoder) {
      this.encoder = encoder;
    }
  }

  /// An encoder of a tokenizer.
  ///
  /// @throws dev.nunchi.NunchiException as [TextEncoder#open]
  synchronized Encoder open(Path tokenizer, Manifest.Text text, int maxLength) {
    Kind kind =
        new Kind(Sha256.hex(TextEncoder.tokenizerJson(tokenizer)), text.normalization(), maxLength);
    Shared shared =
        open.computeIfAbsent(
            kind,
            _ ->
                new Shared(
                    TextEncoder.open(tokenizer, Normalizer.of(text.normalization()), maxLength)));
    shared.users++;
    return new Encoder() {
      private boolean closed;

      @Override
      public Encoding encode(String given, @Nullable String context, Truncation truncation) {
        return shared.encoder.encode(given, context, truncation);
      }

      @Override
      public int maxLength() {
        return shared.encoder.maxLength();
      }

      @Override
      public void close() {
        if (!closed) {
          closed = true;
          release(kind, shared);
        }
      }
    };
  }

  private synchronized void release(Kind kind, Shared shared) {
    shared.users--;
    if (shared.users == 0) {
      open.remove(kind);
      shared.encoder.close();
    }
  }
}
