package dev.nunchi.train;

import dev.nunchi.data.DataReport;
import java.nio.file.Path;
import java.util.List;

/// Several listeners as one; each event goes to them in their order.
public record TrainingListeners(List<TrainingListener> listeners) implements TrainingListener {
  public TrainingListeners {
    listeners = List.copyOf(listeners);
  }

  @Override
  public void preparing(String stage) {
    listeners.forEach(listener -> listener.preparing(stage));
  }

  @Override
  public void inspected(DataReport report) {
    listeners.forEach(listener -> listener.inspected(report));
  }

  @Override
  public void planned(Plan plan) {
    listeners.forEach(listener -> listener.planned(plan));
  }

  @Override
  public void resumed(Path checkpoint, long step) {
    listeners.forEach(listener -> listener.resumed(checkpoint, step));
  }

  @Override
  public void stepped(Step step) {
    listeners.forEach(listener -> listener.stepped(step));
  }

  @Override
  public void evaluated(long step, Evaluation evaluation, boolean best) {
    listeners.forEach(listener -> listener.evaluated(step, evaluation, best));
  }

  @Override
  public void saved(Path directory) {
    listeners.forEach(listener -> listener.saved(directory));
  }

  @Override
  public void warned(String sentence) {
    listeners.forEach(listener -> listener.warned(sentence));
  }

  @Override
  public void ended(Outcome outcome) {
    listeners.forEach(listener -> listener.ended(outcome));
  }
}
