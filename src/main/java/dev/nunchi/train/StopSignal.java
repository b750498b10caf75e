package dev.nunchi.train;

/// Asks a run to end after the step that it is in; set from any thread, for example when the
/// process is told to stop. libtorch must not be torn down inside a step.
public final class StopSignal {
  private volatile boolean requested;

  public void request() {
    requested = true;
  }

  public boolean isRequested() {
    return requested;
  }
}
