package dev.nunchi.infer;

import dev.nunchi.text.Encoding;
import java.util.List;
import java.util.stream.Stream;

/// A text as it is queued: checked and encoded.
///
/// @param encoding of the whole text
/// @param occlusions what is run beside it to find the evidence; empty unless asked for
public record Question(Encoding encoding, List<Occlusion> occlusions) {
  /// How many places of the queue it needs.
  int runCount() {
    return 1 + occlusions.size();
  }

  /// What is to be run, the whole text first.
  Stream<Encoding> encodings() {
    return Stream.concat(Stream.of(encoding), occlusions.stream().map(Occlusion::rest));
  }
}
