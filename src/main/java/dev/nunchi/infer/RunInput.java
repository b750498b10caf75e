package dev.nunchi.infer;

import dev.nunchi.text.Encoding;
import org.jspecify.annotations.Nullable;

/// What a run reads: the token ids of a text, made when they are asked for first, by the worker
/// that takes it at the latest. Safe for several threads.
interface RunInput {
  /// How many tokens it has, none where there is nothing to run; as long as they are not counted,
  /// how many it is expected to have.
  int tokens(TokenEstimate estimate);

  /// Whether its tokens are counted.
  boolean isEncoded();

  /// Whether it surely takes no more than some microseconds to have its tokens.
  boolean isLight();

  /// Its tokens; null where there is nothing to run.
  ///
  /// @throws dev.nunchi.NunchiException as [Classifier#encode]
  @Nullable Encoding encoding();

  /// Has its tokens learnt from, where they are counted.
  void teach(TokenEstimate estimate);
}
