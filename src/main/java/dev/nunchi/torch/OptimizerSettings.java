package dev.nunchi.torch;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// An optimiser and its constants; the learning rate comes with each step.
public sealed interface OptimizerSettings {
  /// Adam with decoupled weight decay (<https://arxiv.org/abs/1711.05101>).
  ///
  /// @param beta1 decay of the first moment, in [0, 1)
  /// @param beta2 decay of the second moment, in [0, 1)
  /// @param epsilon added to the root of the second moment
  /// @param weightDecay multiplied with the learning rate and taken off all weights but biases and
  ///   norms at each step
  /// @param layerwiseDecay factor of the rate from a layer to the one below it, in (0, 1]
  record AdamW(
      double beta1, double beta2, double epsilon, double weightDecay, double layerwiseDecay)
      implements OptimizerSettings {}

  /// AdamW whose moments take 8 bits a number (<https://arxiv.org/abs/2110.02861>).
  ///
  /// @param pages directory of the file that these moments lie in, see [PagedMemory]; null for the
  ///   machine's memory
  record AdamW8bit(AdamW adamW, @Nullable Path pages) implements OptimizerSettings {
    /// Numbers from which on a parameter's moments are held in 8 bits.
    static final long LEAST_SIZE = 4096;

    /// Bytes of the moments of a parameter of so many numbers.
    public static long stateBytes(long size) {
      return size < LEAST_SIZE ? 2 * Float.BYTES * size : 2 * EightBitMoment.bytes(size);
    }

    /// Those of them that do not lie in a file, which the system takes no memory from others for.
    public static long stateBytesBesidePages(long size) {
      return size < LEAST_SIZE ? stateBytes(size) : 0;
    }
  }

  /// Adagrad (<https://jmlr.org/papers/v12/duchi11a.html>).
  ///
  /// @param epsilon added to the root of the sum of squares; the larger, the smaller the steps of
  ///   rows that were seldom seen
  record Adagrad(double epsilon) implements OptimizerSettings {}
}
