package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.LabelSet;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrainingListenersTest {
  @Test
  void events_all_reachEveryListenerInOrder() {
    List<String> seen = new ArrayList<>();
    TrainingListener both =
        new TrainingListeners(List.of(new Recorder("a", seen), new Recorder("b", seen)));
    both.preparing("Reading texts");
    both.planned(
        new TrainingListener.Plan(
            LabelSet.of("부정", "긍정"),
            8,
            2,
            80,
            0,
            1000,
            1000,
            List.of(),
            3,
            10,
            2,
            new MemoryEstimate(0, 1, 1, 1, 1)));
    both.warned("a sentence");
    both.resumed(Path.of("checkpoint-4"), 4);
    both.stepped(Steps.step(5, 0.5));
    both.evaluated(5, Steps.evaluation(), true);
    both.saved(Path.of("model"));
    both.ended(new TrainingListener.Ending(true, 5, 5, false));
    both.failed();
    List<String> events =
        List.of(
            "preparing Reading texts",
            "planned 10",
            "warned a sentence",
            "resumed checkpoint-4 4",
            "stepped 5",
            "evaluated 5 true",
            "saved model",
            "ended 5",
            "failed");
    assertEquals(
        events.stream().flatMap(event -> List.of("a " + event, "b " + event).stream()).toList(),
        seen);
  }

  private record Recorder(String name, List<String> seen) implements TrainingListener {
    @Override
    public void preparing(String stage) {
      add("preparing " + stage);
    }

    @Override
    public void planned(Plan plan) {
      add("planned " + plan.totalSteps());
    }

    @Override
    public void warned(String sentence) {
      add("warned " + sentence);
    }

    @Override
    public void resumed(Path checkpoint, long step) {
      add("resumed %s %d".formatted(checkpoint, step));
    }

    @Override
    public void stepped(Step step) {
      add("stepped " + step.step());
    }

    @Override
    public void evaluated(long step, Evaluation evaluation, boolean best) {
      add("evaluated %d %s".formatted(step, best));
    }

    @Override
    public void saved(Path directory) {
      add("saved " + directory);
    }

    @Override
    public void ended(Ending outcome) {
      add("ended " + outcome.step());
    }

    @Override
    public void failed() {
      add("failed");
    }

    private void add(String event) {
      seen.add(name + " " + event);
    }
  }
}
