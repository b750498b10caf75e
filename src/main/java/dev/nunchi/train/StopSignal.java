package dev.nunchi.train;

/// Asks a run to end; set from any thread, for example when the process is told to stop.
///
/// While texts are read and encoded a process may end at any moment. From [#beginSteps] on the run
/// ends after the step, or the texts of a teacher, that it is at: libtorch must not be torn down
/// inside one, and scores are to be kept.
public final class StopSignal {
  private boolean requested;
  private boolean stepping;

  /// @return whether the run is to be waited for
  public synchronized boolean request() {
    requested = true;
    return stepping;
  }

  public synchronized boolean isRequested() {
    return requested;
  }

  /// From now on a process may end at any moment again.
  synchronized void endSteps() {
    stepping = false;
  }

  /// @return false where the end was requested before, and no step may begin
  synchronized boolean beginSteps() {
    stepping = !requested;
    return stepping;
  }
}
