package dev.nunchi.infer;

/// How a session runs.
///
/// @param threads threads that share the work of one call, at least 1. Several callers on one
///   session of one thread give more texts a second than one caller with several threads.
public record InferenceOptions(Device device, int threads) {
  /// The processor that computes.
  public enum Device {
    /// The first GPU where one can be used, else the CPU.
    AUTO,
    CPU,
    /// The first GPU; an error where there is none that can be used.
    CUDA
  }

  /// The CPU, one thread a call.
  public static final InferenceOptions CPU = new InferenceOptions(Device.CPU, 1);

  public InferenceOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("A session has at least one thread, not " + threads);
    }
  }
}
