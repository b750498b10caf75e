package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.infer.InferenceOptions.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WorkersTest {
  @Test
  void on_oneDevice_isTheSameForAllModels() {
    Workers workers = new Workers(OptionalInt.empty(), 10);
    assertSame(workers.on(Device.CPU), workers.on(Device.CPU));
  }

  @Test
  void workers_none_areRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Workers(OptionalInt.of(0), 10));
    assertThrows(IllegalArgumentException.class, () -> new Workers(OptionalInt.of(1), 0));
  }

  /// Three models with work for all: two texts run at a time, not two of each model.
  @Test
  void schedulers_thatShareWorkers_runAsManyTextsAsThereAreWorkers() throws Exception {
    RunQueue workers = new Workers(OptionalInt.of(2), 10).on(Device.CPU);
    FakeBackend backend = new FakeBackend(0);
    List<Scheduler> models = new ArrayList<>();
    List<CompletableFuture<Run>> runs = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Scheduler model = new Scheduler(backend, 0, workers);
      models.add(model);
      runs.addAll(
          model.submit(
              List.of(FakeBackend.input(i, 1), FakeBackend.input(i, 1)),
              Terms.until(Deadline.NONE)));
    }
    assertTrue(backend.begun.tryAcquire(2, 20, TimeUnit.SECONDS), "two run");
    assertFalse(backend.begun.tryAcquire(200, TimeUnit.MILLISECONDS), "a third one runs");
    assertEquals(0, models.get(0).waitingCount());
    assertEquals(2, models.get(1).waitingCount());
    backend.permits.release(6);
    for (CompletableFuture<Run> run : runs) {
      run.get(20, TimeUnit.SECONDS);
    }
    models.forEach(Scheduler::close);
  }

  /// What is cancelled leaves no work behind that grows.
  @Test
  void scheduler_manyCancelledTexts_asksNoMoreWorkersThanItHasPlaces() throws Exception {
    List<Runnable> asked = new ArrayList<>();
    Scheduler model =
        new Scheduler(
            FakeBackend.open(), 0, new RunQueue(asked::add, 2, 10, System::nanoTime, () -> {}));
    for (int i = 0; i < 1_000; i++) {
      model
          .submit(List.of(FakeBackend.input(i, 1)), Terms.until(Deadline.NONE))
          .getFirst()
          .cancel(false);
    }
    assertEquals(1, asked.size());
    CompletableFuture<Run> last =
        model.submit(List.of(FakeBackend.input(7, 1)), Terms.until(Deadline.NONE)).getFirst();
    asked.forEach(Runnable::run);
    assertEquals(7, last.get(20, TimeUnit.SECONDS).logits()[0]);
    model.close();
  }
}
