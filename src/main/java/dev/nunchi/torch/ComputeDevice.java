package dev.nunchi.torch;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The processor that a network trains and answers on.
public enum ComputeDevice {
  /// The first GPU where libtorch can use one, else the CPU.
  AUTO,
  CPU,
  /// The first GPU; an error where libtorch can use none.
  CUDA;

  /// What is computed on; [TorchRuntime#load] comes first.
  ///
  /// @return [#CPU] or [#CUDA]
  /// @throws NunchiException `UNAVAILABLE` where CUDA is asked for and cannot be used
  public ComputeDevice resolved() {
    if (this == CPU || (this == AUTO && !torch.cuda_is_available())) {
      return CPU;
    }
    if (!torch.cuda_is_available()) {
      String failure = CudaLibraries.failure();
      throw new NunchiException(
          Reason.UNAVAILABLE,
          "CUDA cannot be used (%s); training on it takes an NVIDIA GPU, CUDA 13 with cuDNN 9 and NCCL, and a build with -Pcuda"
              .formatted(failure == null ? "libtorch finds no GPU" : failure));
    }
    return CUDA;
  }

  /// What it is called in answers: `cpu` or `cuda`.
  public String label() {
    return this == CUDA ? "cuda" : "cpu";
  }

  /// Of a network's tensors on it, once it is [#resolved].
  Placement placement() {
    if (this != CUDA) {
      return Placement.CPU;
    }
    // So that a run that was stopped goes on with the same bits, where kernels allow it.
    torch.globalContext().setDeterministicAlgorithms(true, true);
    return new Placement(DeviceType.CUDA, ScalarType.Float);
  }
}
