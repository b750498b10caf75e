package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.model.DirectoryState;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class LoneTextModelTest {
  private static final PaddedBatch TEXT = PaddedBatch.of(List.of(FakeBackend.encoding(1, 2)), 0);

  @TempDir Path temporary;

  private final FakeBackend one = FakeBackend.open();
  private final FakeBackend wide = FakeBackend.open();
  private final CountDownLatch opened = new CountDownLatch(1);

  private final LoneTextModel model =
      new LoneTextModel(
          one,
          () -> {
            awaitOpened();
            return wide;
          });

  @Test
  void logitsOfLoneText_firstOne_doesNotWaitForTheSecondSession() throws Exception {
    model.logitsOfLoneText(TEXT);
    assertEquals(1, one.batches.size());
    assertFalse(model.isFasterAlone());
    open();
    model.logitsOfLoneText(TEXT);
    model.logits(TEXT);
    assertEquals(1, wide.batches.size());
    assertEquals(2, one.batches.size());
  }

  @Test
  void logitsOfLoneText_secondSessionThatCannotBeOpened_isDoneWithout() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    LoneTextModel narrow =
        new LoneTextModel(
            one,
            () -> {
              asked.countDown();
              throw new IllegalStateException("no room");
            });
    narrow.logitsOfLoneText(TEXT);
    asked.await();
    narrow.logitsOfLoneText(TEXT);
    narrow.close();
    assertEquals(2, one.batches.size());
    assertTrue(one.closed);
  }

  @Test
  void close_whereNoThreadCouldBeStarted_doesNotWaitForOne() {
    LoneTextModel narrow =
        new LoneTextModel(
            one,
            () -> wide,
            _ -> {
              throw new OutOfMemoryError("unable to create native thread");
            });
    narrow.logitsOfLoneText(TEXT);
    narrow.close();
    assertEquals(1, one.batches.size());
    assertTrue(one.closed);
  }

  @Test
  void close_whileTheSecondSessionIsOpened_closesBoth() throws Exception {
    model.logitsOfLoneText(TEXT);
    Thread closing = Thread.ofPlatform().start(model::close);
    opened.countDown();
    closing.join();
    assertTrue(one.closed);
    assertTrue(wide.closed);
  }

  @Test
  void run_textThatIsAlone_hasAllCores_andOneOfManyHasNot() throws Exception {
    model.logitsOfLoneText(TEXT);
    open();
    RunQueue queue = new Workers(OptionalInt.of(1), 100).on(InferenceOptions.Device.CPU);
    try (Scheduler scheduler = new Scheduler(model, 0, queue)) {
      submit(scheduler, 1).getFirst().join();
      assertEquals(1, wide.batches.size());
      // Its worker may not have said yet that it is free.
      while (scheduler.times().batches() == 0) {
        Thread.onSpinWait();
      }
      submit(scheduler, 6).forEach(CompletableFuture::join);
      // The last of them has no other beside it.
      assertEquals(2, wide.batches.size());
      assertEquals(1 + 5, one.batches.size());
    }
  }

  @Test
  void withLoneTexts_transformer_hasTheSameBitsOnSeveralCores() throws Exception {
    Path directory = TinyModel.write(temporary.resolve("tiny"));
    try (Backend tiny = open(directory, DirectoryState.of(directory))) {
      float[][] before = tiny.logits(TEXT);
      while (!tiny.isFasterAlone()) {
        tiny.logitsOfLoneText(TEXT);
        Thread.sleep(1);
      }
      assertArrayEquals(before[0], tiny.logitsOfLoneText(TEXT)[0]);
    }
  }

  @Test
  void withLoneTexts_directoryThatHasChangedSince_isNotOpenedAgain() throws Exception {
    Path directory = TinyModel.write(temporary.resolve("tiny"));
    Optional<DirectoryState> before = DirectoryState.of(directory);
    Files.writeString(directory.resolve("note"), "x");
    Backend tiny = open(directory, before);
    tiny.logitsOfLoneText(TEXT);
    // Waits for what is being opened.
    tiny.close();
    assertFalse(tiny.isFasterAlone());
  }

  private static Backend open(Path path, Optional<DirectoryState> state) {
    ModelDirectory directory = ModelDirectory.open(path);
    return ModelLoader.withLoneTexts(
        new ModelLoader.Opened(
            OnnxModel.open(directory, InferenceOptions.CPU), InferenceOptions.Device.CPU),
        directory,
        state,
        TextEncoder.open(path, Normalizer.of(directory.manifest().text().normalization()), 24),
        new LoadOptions(
            InferenceOptions.Device.CPU,
            new Workers(OptionalInt.of(1), 20),
            OptionalInt.empty(),
            true,
            2));
  }

  private void open() throws InterruptedException {
    opened.countDown();
    while (!model.isFasterAlone()) {
      Thread.sleep(1);
    }
  }

  private void awaitOpened() {
    try {
      if (!opened.await(10, TimeUnit.SECONDS)) {
        throw new IllegalStateException("Never opened");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<CompletableFuture<Run>> submit(Scheduler scheduler, int texts) {
    return scheduler.submit(
        Collections.nCopies(texts, FakeBackend.input(1, 2)), Terms.until(Deadline.NONE));
  }
}
