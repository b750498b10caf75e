package dev.nunchi.torch;

import org.bytedeco.pytorch.global.torch.ScalarType;

/// The number format of activations and matrix products; weights and optimiser stay in fp32.
public enum ComputeType {
  FP32(ScalarType.Float),
  /// Half the memory traffic, and several times the speed where the processor has bf16
  /// instructions; 8 bits of precision.
  BF16(ScalarType.BFloat16);

  private final ScalarType scalarType;

  ComputeType(ScalarType scalarType) {
    this.scalarType = scalarType;
  }

  ScalarType scalarType() {
    return scalarType;
  }
}
