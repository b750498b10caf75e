package dev.nunchi.data;

import java.util.SplittableRandom;

/// How one kind of [Noise] changes a text.
@FunctionalInterface
interface NoiseKind {
  /// The text changed; as it is where the kind has nothing to do.
  ///
  /// @param text not blank, without unpaired surrogates
  String change(String text, SplittableRandom random);
}
