package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ComputeDeviceTest {
  @BeforeAll
  static void load() {
    TorchRuntime.load(1);
  }

  @Test
  void resolved_auto_isTheGpuWhereThereIsOne() {
    assertEquals(
        torch.cuda_is_available() ? ComputeDevice.CUDA : ComputeDevice.CPU,
        ComputeDevice.AUTO.resolved());
    assertEquals(ComputeDevice.CPU, ComputeDevice.CPU.resolved());
  }

  /// The libtorch of the tests is that for CPUs, whatever the machine has.
  @Test
  void resolved_cudaInABuildForCpus_saysWhatItTakes() {
    NunchiException e = assertThrows(NunchiException.class, ComputeDevice.CUDA::resolved);
    assertEquals(Reason.UNAVAILABLE, e.reason());
    assertEquals(
        "CUDA cannot be used (this build has libtorch for CPUs); training on it takes an NVIDIA"
            + " GPU, CUDA 13 with cuDNN 9 and NCCL, and a build with -Pcuda",
        e.getMessage());
  }
}
