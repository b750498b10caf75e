package dev.nunchi.nn;

/// Rotary positions (Su et al., 2021, <https://arxiv.org/abs/2104.09864>), in the half-split layout
/// of Hugging Face checkpoints: of each head's vector `[a, b]` at position `p`, `[a·cos(pω) -
/// b·sin(pω), b·cos(pω) + a·sin(pω)]` with `ω_j = theta^(-2j / headDim)`.
///
/// Frequencies and angles are fp32, as published networks were trained with.
///
/// @param headDim even
/// @param theta base of the frequencies
public record Rotary(int headDim, double theta) {
  public Rotary {
    if (headDim < 2 || headDim % 2 != 0 || !(theta > 0)) {
      throw new IllegalArgumentException("no rotary positions of " + headDim + ", " + theta);
    }
  }

  /// `ω`, `[headDim / 2]`.
  public float[] frequencies() {
    float[] frequencies = new float[headDim / 2];
    for (int j = 0; j < frequencies.length; j++) {
      float exponent = 2f * j / headDim;
      frequencies[j] = 1f / (float) Math.pow(theta, exponent);
    }
    return frequencies;
  }
}
