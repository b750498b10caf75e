package dev.nunchi.nn;

/// Rotary positions (Su et al., 2021, <https://arxiv.org/abs/2104.09864>), in the half-split layout
/// of Hugging Face checkpoints: of each head's vector `[a, b]` at position `p`, `[a·cos(pω) -
/// b·sin(pω), b·cos(pω) + a·sin(pω)]` with `ω_j = theta^(-2j / headDim)`, scaled.
///
/// Frequencies and angles are fp32, as published networks were trained with.
///
/// @param headDim even
/// @param theta base of the frequencies
public record Rotary(int headDim, double theta, Scaling scaling) {
  public Rotary {
    if (headDim < 2 || headDim % 2 != 0 || !(theta > 0)) {
      throw new IllegalArgumentException("no rotary positions of " + headDim + ", " + theta);
    }
  }

  /// Unscaled.
  public Rotary(int headDim, double theta) {
    this(headDim, theta, new Scaling.None());
  }

  /// How a network for short texts was made one for longer texts.
  public sealed interface Scaling {
    float apply(float frequency);

    record None() implements Scaling {
      @Override
      public float apply(float frequency) {
        return frequency;
      }
    }

    /// Positions closer together, `ω / factor` (Chen et al., 2023,
    /// <https://arxiv.org/abs/2306.15595>).
    record Interpolated(double factor) implements Scaling {
      @Override
      public float apply(float frequency) {
        return frequency / (float) factor;
      }
    }

    /// Llama 3.1's (2024, <https://arxiv.org/abs/2407.21783>): with `n` full turns over
    /// `positions`, `ω` where `n > most`, `ω / factor` where `n < least`, and between a mixture of
    /// both in which `ω` has the share `(n - least) / (most - least)`.
    ///
    /// @param positions that the network was first trained on
    record ByTurns(double factor, double least, double most, int positions) implements Scaling {
      @Override
      public float apply(float frequency) {
        float length = (float) (2 * Math.PI) / frequency;
        if (length < (float) (positions / most)) {
          return frequency;
        }
        float divided = frequency / (float) factor;
        if (length > (float) (positions / least)) {
          return divided;
        }
        float share = (positions / length - (float) least) / (float) (most - least);
        return (1 - share) * divided + share * frequency;
      }
    }
  }

  /// `ω`, `[headDim / 2]`.
  public float[] frequencies() {
    float[] frequencies = new float[headDim / 2];
    for (int j = 0; j < frequencies.length; j++) {
      float exponent = 2f * j / headDim;
      frequencies[j] = scaling.apply(1f / (float) Math.pow(theta, exponent));
    }
    return frequencies;
  }
}
