package dev.nunchi.train;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.data.DataReport;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/// Several listeners as one; each event goes to them in their order.
///
/// One that fails to write, as a log on a full disk, is said once and hears no more: what a
/// training costs is not lost for a line about it.
public final class TrainingListeners implements TrainingListener {
  private final List<TrainingListener> listeners;

  public TrainingListeners(List<TrainingListener> listeners) {
    this.listeners = new CopyOnWriteArrayList<>(listeners);
  }

  private void tell(Consumer<TrainingListener> event) {
    for (TrainingListener listener : listeners) {
      try {
        event.accept(listener);
      } catch (NunchiException e) {
        if (e.reason() != Reason.IO_FAILURE) {
          throw e;
        }
        listeners.remove(listener);
        warned(e.getMessage() + "; the training goes on without it");
      }
    }
  }

  @Override
  public void preparing(String stage) {
    tell(listener -> listener.preparing(stage));
  }

  @Override
  public void inspected(DataReport report) {
    tell(listener -> listener.inspected(report));
  }

  @Override
  public void taught(Teaching teaching, int missing) {
    tell(listener -> listener.taught(teaching, missing));
  }

  @Override
  public void scored(int done, int total, double share) {
    tell(listener -> listener.scored(done, total, share));
  }

  @Override
  public void planned(Plan plan) {
    tell(listener -> listener.planned(plan));
  }

  @Override
  public void resumed(Path checkpoint, long step) {
    tell(listener -> listener.resumed(checkpoint, step));
  }

  @Override
  public void stepped(Step step) {
    tell(listener -> listener.stepped(step));
  }

  @Override
  public void evaluated(long step, Evaluation evaluation, boolean best) {
    tell(listener -> listener.evaluated(step, evaluation, best));
  }

  @Override
  public void saved(Path directory) {
    tell(listener -> listener.saved(directory));
  }

  @Override
  public void warned(String sentence) {
    tell(listener -> listener.warned(sentence));
  }

  @Override
  public void ended(Ending outcome) {
    tell(listener -> listener.ended(outcome));
  }

  @Override
  public void failed() {
    tell(TrainingListener::failed);
  }
}
