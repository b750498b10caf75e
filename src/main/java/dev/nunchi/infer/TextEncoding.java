package dev.nunchi.infer;

import dev.nunchi.text.Encoding;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import org.jspecify.annotations.Nullable;

/// A text encoder as what a [Classifier] asks for.
public record TextEncoding(TextEncoder encoder) implements Encoder {
  @Override
  public Encoding encode(String text, @Nullable String context, Truncation truncation) {
    return encoder.encode(text, context, truncation);
  }

  @Override
  public void close() {
    encoder.close();
  }
}
