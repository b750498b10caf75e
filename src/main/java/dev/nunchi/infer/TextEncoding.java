package dev.nunchi.infer;

import dev.nunchi.text.Encoding;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;

/// A text encoder as what a [Classifier] asks for.
public record TextEncoding(TextEncoder encoder) implements Encoder {
  @Override
  public Encoding encode(String text, Truncation truncation) {
    return encoder.encode(text, truncation);
  }

  @Override
  public void close() {
    encoder.close();
  }
}
